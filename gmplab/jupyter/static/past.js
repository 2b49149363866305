// The views that were shown before: what undo goes back to.

const PAUSE_MS = 400;
const MOST = 100;

export class Past {
  // Hears of the model's view; `off` gets what ends that.
  constructor(model, off) {
    this.model = model;
    this.views = [];
    this.now = model.get("view");
    this.heard = -Infinity;
    const hear = () => this.changed();
    model.on("change:view", hear);
    off.push(() => model.off("change:view", hear));
  }

  // A view that was chosen elsewhere, in a linked widget or by a finding's button, is undone too; a drag there is many
  // changes, and one step back.
  changed() {
    const when = performance.now();
    if (!this.own && when - this.heard > PAUSE_MS) this.remember(this.now);
    this.heard = this.own ? -Infinity : when;
    this.now = this.model.get("view");
  }

  remember(view) {
    this.views.push(view);
    if (this.views.length > MOST) this.views.shift();
  }

  // Show a view; `remember`: so that undo comes back to the one before.
  go(view, remember = true) {
    if (remember) this.remember(this.now);
    this.own = true;
    this.model.set("view", view);
    this.own = false;
    this.model.save_changes();
  }

  // Another run is shown: no view of the one before is gone back to, and that of all of the new one is no step.
  forget() {
    this.views = [];
    this.now = this.model.get("view");
    this.heard = performance.now();
  }

  undo() {
    const view = this.views.pop();
    if (view) this.go(view, false);
  }
}
