// What keys and mouse do in a widget: a list that is shown when it is asked for.
import { element } from "./element.js";

export function cheatSheet(rows) {
  // No <dl>: JupyterLab has rules of its own for those.
  return element("div", { class: "gmplab-help", role: "list", hidden: "" },
    ...rows.map(([keys, does]) => element("div", { role: "listitem" }, element("b", {}, keys), element("span", {}, does))));
}

// The button that shows it, and hides it again; the key "?" does what the button does.
export function helpButton(sheet) {
  const button = element("button", { type: "button", title: "Keys and mouse", "aria-label": "Keys and mouse", "aria-expanded": "false" }, "?");
  button.addEventListener("click", () => {
    sheet.hidden = !sheet.hidden;
    button.setAttribute("aria-expanded", String(!sheet.hidden));
  });
  return button;
}
