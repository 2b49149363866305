// What colours lanes: every look has its own, or running goroutines have one by their id.
import { faceOn, paletteOf } from "./painter.js";

// What running goroutines can be coloured by.
export const BY = { name: "colour: name", g: "colour: G" };
const NEUTRAL = { face: "#808080", hatch: "" };

function running({ name }) {
  return name.startsWith("running");
}

export class Colouring {
  // `meta` of a table: its looks, and those that goroutines take in turn.
  constructor(meta, by, background) {
    const own = meta.by_g ?? [];
    this.byG = by === "g" && own.length > 0;
    this.several = own.length;
    this.looks = this.byG ? [...meta.looks, ...own] : meta.looks;
    this.turn = meta.looks.map((look) => (this.byG && running(look) ? meta.looks.length : -1));
    // Of merged spans nobody knows whose each pixel is.
    this.palette = paletteOf(this.looks.map((look, kind) => (this.turn[kind] >= 0 ? NEUTRAL : look)), background);
    this.background = background;
  }

  // The look of a span of a kind and a goroutine.
  of(kind, g) {
    return this.turn[kind] >= 0 && g >= 0 ? this.turn[kind] + (g % this.several) : kind;
  }

  // What the legend says: [name, pattern, faces] for each entry.
  legend() {
    const face = (look) => `rgb(${faceOn(look.face, this.background).join(",")})`;
    const each = this.looks.slice(0, this.turn.length).filter((look, kind) => this.turn[kind] < 0);
    const entries = each.map((look) => [look.name, look.hatch, [face(look)]]);
    if (!this.byG || each.length === this.turn.length) return entries;
    const faces = [...new Set(this.looks.slice(this.turn.length).map(face))];
    return [[`running: the ids of goroutines in turn, ${this.several} looks`, "", faces], ...entries];
  }
}
