// Arrays of numbers as the page holds them: see siting/write/webmap/packing.py.
import { inflate } from "./inflate.mjs";

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array} Numbers */

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f8: Float64Array };

/**
 * @param {string} text base64
 * @returns {Uint8Array}
 */
export function bytesOf(text) {
  const told = atob(text);
  const found = new Uint8Array(told.length);
  for (let i = 0; i < told.length; i += 1) found[i] = told.charCodeAt(i);
  return found;
}

/**
 * The content of compressed bytes; by the browser's own means if it has them.
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array>}
 */
export async function inflated(bytes) {
  if (typeof DecompressionStream === "undefined") return inflate(bytes);
  const stream = new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {[string, keyof typeof KINDS, number][]} listed
 * @param {Uint8Array} content
 * @returns {Record<string, any>} of {@link Numbers}
 */
export function arraysOf(listed, content) {
  const found = {};
  let at = 0;
  for (const [name, kind, length] of listed) {
    const size = Number(kind[1]);
    const bytes = new Uint8Array(size * length);
    for (let plane = 0; plane < size; plane += 1) {
      for (let i = 0, from = at + plane * length; i < length; i += 1) bytes[i * size + plane] = content[from + i];
    }
    found[name] = new KINDS[kind](bytes.buffer);
    at += size * length;
  }
  return found;
}

/**
 * The sums of the first numbers: 0, a, a + b …
 * @param {ArrayLike<number>} counts
 */
export function startsOf(counts) {
  const found = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i += 1) found[i + 1] = found[i] + counts[i];
  return found;
}

/**
 * Ascending numbers from steps, row by row.
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number>} [starts]
 */
export function climbed(steps, starts = [0, steps.length]) {
  const found = new Uint32Array(steps.length);
  for (let row = 0; row + 1 < starts.length; row += 1) {
    for (let i = starts[row], sum = 0; i < starts[row + 1]; i += 1) {
      sum += steps[i];
      found[i] = sum;
    }
  }
  return found;
}
