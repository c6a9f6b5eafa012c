// Data of zlib (RFC 1950 and 1951) in plain JavaScript, for browsers without DecompressionStream.

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_MORE = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const BACK_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const BACK_MORE = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MOST_BITS = 15;

/**
 * A canonical Huffman code as the number of symbols of each length, and the symbols in order.
 * @param {ArrayLike<number>} lengths
 */
function codeOf(lengths) {
  const counts = new Uint16Array(MOST_BITS + 1);
  for (let i = 0; i < lengths.length; i += 1) counts[lengths[i]] += 1;
  counts[0] = 0;
  const first = new Uint16Array(MOST_BITS + 2);
  for (let bits = 1; bits <= MOST_BITS; bits += 1) first[bits + 1] = first[bits] + counts[bits];
  const symbols = new Uint16Array(lengths.length);
  for (let i = 0; i < lengths.length; i += 1) if (lengths[i]) symbols[first[lengths[i]]++] = i;
  return { counts, symbols };
}

/**
 * @param {Uint8Array} bytes data in the format of zlib
 * @returns {Uint8Array}
 */
export function inflate(bytes) {
  let at = 2;
  let held = 0;
  let count = 0;
  let out = new Uint8Array(Math.max(1024, bytes.length * 4));
  let size = 0;

  const take = (bits) => {
    while (count < bits) {
      if (at >= bytes.length) throw new Error("the data end too early");
      held |= bytes[at++] << count;
      count += 8;
    }
    const found = held & ((1 << bits) - 1);
    held >>>= bits;
    count -= bits;
    return found;
  };
  const symbol = ({ counts, symbols }) => {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MOST_BITS; bits += 1) {
      code |= take(1);
      const here = counts[bits];
      if (code - first < here) return symbols[index + (code - first)];
      index += here;
      first = (first + here) << 1;
      code <<= 1;
    }
    throw new Error("the data are damaged");
  };
  const room = (more) => {
    if (size + more <= out.length) return;
    const larger = new Uint8Array(Math.max(out.length * 2, size + more));
    larger.set(out.subarray(0, size));
    out = larger;
  };
  const stored = () => {
    held = 0;
    count = 0;
    const length = bytes[at] | (bytes[at + 1] << 8);
    at += 4;
    room(length);
    out.set(bytes.subarray(at, at + length), size);
    at += length;
    size += length;
  };
  const fixed = () => {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
    return [codeOf(lengths), codeOf(new Uint8Array(30).fill(5))];
  };
  const own = () => {
    const literals = take(5) + 257;
    const backs = take(5) + 1;
    const listed = take(4) + 4;
    const short = new Uint8Array(19);
    for (let i = 0; i < listed; i += 1) short[ORDER[i]] = take(3);
    const code = codeOf(short);
    const lengths = new Uint8Array(literals + backs);
    for (let i = 0; i < lengths.length; ) {
      const told = symbol(code);
      if (told < 16) lengths[i++] = told;
      else {
        const value = told === 16 ? lengths[i - 1] : 0;
        const times = told === 16 ? 3 + take(2) : told === 17 ? 3 + take(3) : 11 + take(7);
        lengths.fill(value, i, i + times);
        i += times;
      }
    }
    return [codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals))];
  };
  /** @param {ReturnType<typeof codeOf>[]} codes */
  const coded = ([literal, back]) => {
    for (;;) {
      const told = symbol(literal);
      if (told === 256) return;
      if (told < 256) {
        room(1);
        out[size++] = told;
        continue;
      }
      const length = LENGTH_BASE[told - 257] + take(LENGTH_MORE[told - 257]);
      const far = symbol(back);
      const distance = BACK_BASE[far] + take(BACK_MORE[far]);
      room(length);
      for (let i = 0; i < length; i += 1, size += 1) out[size] = out[size - distance];
    }
  };

  for (let last = 0; !last; ) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) stored();
    else if (kind === 1) coded(fixed());
    else if (kind === 2) coded(own());
    else throw new Error("the data are damaged");
  }
  return out.slice(0, size);
}
