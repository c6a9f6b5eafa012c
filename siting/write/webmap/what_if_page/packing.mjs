// Arrays of numbers as the page holds them: see siting/write/webmap/packing.py.
import { inflate } from "./inflate.mjs";

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array} Numbers */

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f8: Float64Array };

// Of each character the number that it stands for.
const PLACE = new Uint8Array(128);
const CHARACTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((each) => !'"&<>'.includes(each));
CHARACTERS.forEach((each, i) => { PLACE[each.charCodeAt(0)] = i; });
// The bits that two characters hold, and one.
const [BITS, ALONE] = [13, 6];

/**
 * Bytes from text: two characters are 13 bits, lowest first; one at the end is 6.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function bytesOf(text) {
  const alone = text.length % 2;
  const found = new Uint8Array(Math.floor((((text.length - alone) / 2) * BITS + alone * ALONE) / 8));
  let held = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 2) {
    held |= (PLACE[text.charCodeAt(i)] + (PLACE[text.charCodeAt(i + 1)] || 0) * CHARACTERS.length) << count;
    count += BITS;
    while (count >= 8) {
      if (at < found.length) found[at++] = held & 255;
      held >>>= 8;
      count -= 8;
    }
  }
  return found;
}

/** Bytes from base64, in which certificates are written. @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

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
 * The text of compressed bytes that are told as text.
 * @param {string} text
 */
export const textOf = async (text) => new TextDecoder().decode(await inflated(bytesOf(text)));

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
