// Letters and digits that are typed in a widget are the widget's, also those that it has no use for: in a notebook's command
// mode "dd" deletes the cell, and "a" makes one above it.
export function keepLetters(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}
