// How a widget's data reaches the page: in the model's state where it is small, else by message, when it is asked for.

const TYPES = { f64: Float64Array, i32: Int32Array, u32: Uint32Array, i16: Int16Array, u8: Uint8Array };
const ZLIB = 0x78;

// The bytes of a message or a trait as an ArrayBuffer that begins at a multiple of 8.
export function aligned(view) {
  if (view instanceof ArrayBuffer) return view;
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

// The bytes, inflated if they are compressed.
export async function inflated(view) {
  const bytes = aligned(view);
  if (new Uint8Array(bytes)[0] !== ZLIB) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

// The columns of a buffer that packing.py wrote, by name, and its header as `meta`.
export function unpacked(bytes) {
  const head = new DataView(bytes);
  if (String.fromCharCode(...new Uint8Array(bytes, 0, 4)) !== "GMPL") throw new Error("gmplab: this is no packed table");
  const size = head.getUint32(4, true);
  const meta = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, size)));
  const table = { meta };
  for (const [name, [type, offset, length]] of Object.entries(meta.columns)) {
    table[name] = new TYPES[type](bytes, 8 + size + offset, length);
  }
  return table;
}

const PATIENCE_MS = 4000;
export const LATE = "the kernel does not answer: it is busy, or it was started anew and the cell has to be run again";

// Calls back once, with the bytes of a part of the data; returns a function that stops waiting. `late` is called where the
// kernel is asked and is silent for long. Several views of a model each ask; the answers are told apart by part and step,
// and by the run that was shown when they were asked for, `nth`, where a model shows one after the other.
export function request(model, part, step, done, late) {
  let wanted = true;
  const give = (view) => inflated(view).then((bytes) => wanted && done(bytes));
  const inline = model.get("inline")[part];
  if (inline && step === undefined) {
    give(inline);
    return () => { wanted = false; };
  }
  const question = { kind: "need", part, step, nth: model.get("nth") };
  const timer = setTimeout(late, PATIENCE_MS);
  const heard = (message, buffers) => {
    if (message.kind !== "data" || message.part !== part || message.step !== step || message.nth !== question.nth) return;
    clearTimeout(timer);
    model.off("msg:custom", heard);
    give(buffers[0]);
  };
  model.on("msg:custom", heard);
  // What is undefined is no part of the message.
  model.send(question);
  return () => {
    wanted = false;
    clearTimeout(timer);
    model.off("msg:custom", heard);
  };
}
