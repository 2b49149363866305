// Paints lanes into the pixels of an image: a frame has up to a hundred thousand boxes, too many for a canvas's calls.

const TILES = {
  "/": (x, y) => (x + y) % 8 < 1,
  "\\": (x, y) => (x - y + 8000) % 8 < 1,
  ".": (x, y) => x % 4 === 1 && y % 4 === 1,
  "x": (x, y) => (x + y) % 8 < 1 || (x - y + 8000) % 8 < 1,
  "|": (x) => x % 5 === 0,
  "-": (x, y) => y % 5 === 0,
  "+": (x, y) => x % 6 === 0 || y % 6 === 0,
};
const HATCH = 6;
const FEW = 24;

function parsed(colour) {
  const n = parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

function mixed(a, b, share) {
  return a.map((x, i) => Math.round(x * share + b[i] * (1 - share)));
}

// As a pixel of ImageData, little end first.
function pixel([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

const DIM = 0.2;
const PLAIN = [0x90, 0x90, 0x90];

// How light a colour is, 0 to 1.
function light([r, g, b]) {
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

// A face that can be told from the background: the ink of the looks is dark, and on a dark page it would be lost.
export function faceOn(face, background) {
  const [colour, back] = [parsed(face), light(parsed(background))];
  return back < 0.5 && light(colour) - back < DIM ? PLAIN : colour;
}

// The looks of a table as pixels: for each kind its face, the line of its pattern, and both where it is out of focus.
export function paletteOf(looks, background) {
  const back = parsed(background);
  return looks.map(({ face, hatch }) => {
    const colour = faceOn(face, background);
    const line = mixed([0, 0, 0], colour, 0.45);
    const faded = mixed(colour, back, 0.25);
    return {
      face: pixel(colour), line: pixel(line), faded: pixel(faded), fadedLine: pixel(mixed(line, back, 0.25)),
      edge: pixel(mixed(colour, back, 0.55)), tile: TILES[hatch] ?? null,
    };
  });
}

export class Painter {
  constructor(width, height, palette) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    this.palette = palette;
    this.image = new ImageData(this.width, this.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.canvas = new OffscreenCanvas(this.width, this.height);
  }

  clear() {
    this.pixels.fill(0);
  }

  // What was painted, to draw over what is there: idle time is transparent.
  drawn() {
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    return this.canvas;
  }

  // A box of a kind, with its pattern where there is room for it.
  box(x0, x1, y0, y1, kind, faded) {
    const { face, line, faded: pale, fadedLine, edge, tile } = this.palette[kind];
    let a = Math.round(x0);
    let b = Math.max(Math.round(x1), a + 1);
    a = Math.max(a, 0);
    b = Math.min(b, this.width);
    const colour = faded ? pale : face;
    const lines = faded ? fadedLine : line;
    const patterned = tile !== null && b - a >= 3;
    const edged = b - a >= 4 && !patterned;
    for (let y = Math.max(y0, 0); y < Math.min(y1, this.height); y++) {
      const row = y * this.width;
      // Of few pixels a loop is faster than a call.
      if (b - a < FEW) for (let x = row + a; x < row + b; x++) this.pixels[x] = colour;
      else this.pixels.fill(colour, row + a, row + b);
      if (patterned) for (let x = a; x < b; x++) if (tile(x, y)) this.pixels[row + x] = lines;
      if (edged) this.pixels[row + b - 1] = faded ? pale : edge;
    }
  }

  // A pixel's column of merged spans: each kind has a part of the height, by its time; hatched, to tell that it is merged.
  // Together they have a quarter of the height at least, or what took little time would not be seen.
  column(x, y0, y1, times, whole, faded) {
    const height = y1 - y0;
    let time = 0;
    for (let kind = 0; kind < times.length; kind++) time += times[kind];
    const scale = (height * Math.min(Math.max(time / whole, 0.25), 1)) / Math.max(time, 1e-9);
    let foot = y1;
    let so = 0;
    for (let kind = 0; kind < times.length; kind++) {
      if (times[kind] <= 0) continue;
      so += times[kind];
      const top = Math.min(y1 - Math.round(so * scale), foot);
      const look = this.palette[kind];
      const colour = faded ? look.faded : look.face;
      const hatch = faded ? look.fadedLine : look.line;
      const stop = Math.min(foot, this.height);
      const { pixels, width } = this;
      for (let y = Math.max(top, 0), at = y * width + x; y < stop; y++, at += width) {
        pixels[at] = (x + y) % HATCH === 0 ? hatch : colour;
      }
      foot = top;
    }
  }
}
