// The views that were shown before, which undo goes back to, and those that it left, which redo shows again.

const PAUSE_MS = 400;
const MOST = 100;

export class Past {
  // Hears of the model's view; `off` gets what ends that.
  constructor(model, off) {
    this.model = model;
    this.forget();
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
    this.undone = [];
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
    this.undone = [];
    this.now = this.model.get("view");
    this.heard = performance.now();
  }

  undo() {
    this.move(this.views, this.undone);
  }

  redo() {
    this.move(this.undone, this.views);
  }

  // To the newest of some views that is another than the one that is shown, which the others keep: a drag that
  // came back to its begin left one that is the same.
  move(from, to) {
    let view = from.pop();
    while (view && view[0] === this.now[0] && view[1] === this.now[1]) view = from.pop();
    if (!view) return;
    to.push(this.now);
    this.go(view, false);
  }
}
