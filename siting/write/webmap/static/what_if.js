// Made by tools/build_page_script.py from the modules in what_if_page: change those.
"use strict";
const sitingWhatIf = (() => {
const module_inflate = (() => {
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
function inflate(bytes) {
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
return { inflate };
})();
const module_packing = (() => {
const { inflate } = module_inflate;
// Arrays of numbers as the page holds them: see siting/write/webmap/packing.py.

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
function bytesOf(text) {
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
const fromBase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

/**
 * The content of compressed bytes; by the browser's own means if it has them.
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array>}
 */
async function inflated(bytes) {
  if (typeof DecompressionStream === "undefined") return inflate(bytes);
  const stream = new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The text of compressed bytes that are told as text.
 * @param {string} text
 */
const textOf = async (text) => new TextDecoder().decode(await inflated(bytesOf(text)));

/**
 * @param {[string, keyof typeof KINDS, number][]} listed
 * @param {Uint8Array} content
 * @returns {Record<string, any>} of {@link Numbers}
 */
function arraysOf(listed, content) {
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
function startsOf(counts) {
  const found = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i += 1) found[i + 1] = found[i] + counts[i];
  return found;
}

/**
 * Ascending numbers from steps, row by row.
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number>} [starts]
 */
function climbed(steps, starts = [0, steps.length]) {
  const found = new Uint32Array(steps.length);
  for (let row = 0; row + 1 < starts.length; row += 1) {
    for (let i = starts[row], sum = 0; i < starts[row + 1]; i += 1) {
      sum += steps[i];
      found[i] = sum;
    }
  }
  return found;
}
return { bytesOf, fromBase64, inflated, textOf, arraysOf, startsOf, climbed };
})();
const module_walking = (() => {
const { climbed, startsOf } = module_packing;
// Walks from any point as the library does (docs/methods.md, definition 1): the point joins the nearest way, and the
// shortest ways there and back are counted in whole ticks. See siting/travel/network.py, walks.py and kernel.py.

const STEPS_PER_M = 1e5;
const BIN_M = 50;
// A position is one step of 10⁻⁷ degrees, as in a plan's file.
const DEGREE = 1e7;
const COMBINES = { to_facility: "only", from_facility: "only", slower: "slower", both_ways: "mean" };

/** @typedef {{edge: number, position: number, away: number, x: number, y: number}} Foot where a point joins a way, metres */

/** The sum of a polynomial's terms. @param {number[]} factors @param {number} degree @param {number} u @param {number} v */
function summed(factors, degree, u, v) {
  let sum = 0;
  for (let i = 0, term = 0, pu = 1; i <= degree; i += 1, pu *= u) {
    for (let j = 0, power = pu; j <= degree - i; j += 1, term += 1, power *= v) sum += factors[term] * power;
  }
  return sum;
}

const rounded = (degrees) => Math.round(degrees * DEGREE) / DEGREE;

/** Entries with the least key first; a key holds ticks and a node. */
class Heap {
  constructor() {
    this.keys = new Float64Array(1024);
    this.size = 0;
  }

  push(key) {
    if (this.size === this.keys.length) {
      const longer = new Float64Array(2 * this.size);
      longer.set(this.keys);
      this.keys = longer;
    }
    const { keys } = this;
    let at = this.size;
    this.size += 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (keys[above] <= key) break;
      keys[at] = keys[above];
      at = above;
    }
    keys[at] = key;
  }

  pop() {
    const { keys } = this;
    const first = keys[0];
    this.size -= 1;
    const last = keys[this.size];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.size) break;
      if (below + 1 < this.size && keys[below + 1] < keys[below]) below += 1;
      if (keys[below] >= last) break;
      keys[at] = keys[below];
      at = below;
    }
    keys[at] = last;
    return first;
  }
}

class Streets {
  /**
   * @param {any} data as siting/write/webmap/what_if.py makes them
   * @param {Record<string, any>} arrays
   */
  constructor(data, arrays) {
    this.data = data;
    this.edges = arrays.u.length;
    this._shapes(arrays);
    this._times(arrays);
    this._links();
    this._cells(arrays);
    this._bins();
    this.heap = new Heap();
    this.held = new Map();
  }

  // The vertices of each edge, metres from the origin, with how far along its line each lies.
  _shapes(arrays) {
    const far = (axis) => climbed(arrays[`node_${axis}`]);
    const [mx, my] = [far("x"), far("y")];
    const nodes = mx.length;
    this.nodes = nodes;
    const edges = this.edges;
    this.u = arrays.u;
    this.v = arrays.u.map((node, edge) => node + arrays.v[edge]);
    const counts = Uint32Array.from(arrays.inner, (inner) => inner + 2);
    this.first = startsOf(counts);
    const total = this.first[edges];
    this.x = new Float64Array(total);
    this.y = new Float64Array(total);
    this.along = new Float64Array(total);
    this.edgeOf = new Uint32Array(total);
    const nodeX = (node) => mx[node] + arrays.node_xs[node] / STEPS_PER_M;
    const nodeY = (node) => my[node] + arrays.node_ys[node] / STEPS_PER_M;
    let read = 0;
    for (let edge = 0; edge < edges; edge += 1) {
      const end = this.first[edge + 1] - 1;
      let x = mx[this.u[edge]] * STEPS_PER_M + arrays.node_xs[this.u[edge]];
      let y = my[this.u[edge]] * STEPS_PER_M + arrays.node_ys[this.u[edge]];
      for (let i = this.first[edge]; i <= end; i += 1) {
        this.edgeOf[i] = edge;
        if (i === end) {
          this.x[i] = nodeX(this.v[edge]);
          this.y[i] = nodeY(this.v[edge]);
        } else {
          if (i > this.first[edge]) {
            x += arrays.x[read];
            y += arrays.y[read];
            read += 1;
          }
          this.x[i] = x / STEPS_PER_M;
          this.y[i] = y / STEPS_PER_M;
        }
        if (i > this.first[edge]) this.along[i] = this.along[i - 1] + Math.hypot(this.x[i] - this.x[i - 1], this.y[i] - this.y[i - 1]);
      }
    }
  }

  // Ticks from the beginning of each edge to the end of each of its equal pieces, and back.
  _times(arrays) {
    const { edges } = this;
    this.pieces = arrays.pieces;
    this.piece = startsOf(Uint32Array.from(arrays.pieces, (pieces) => pieces + 1));
    this.ahead = new Float64Array(this.piece[edges]);
    this.back = new Float64Array(this.piece[edges]);
    this.shutAhead = new Uint8Array(edges);
    this.shutBack = new Uint8Array(edges);
    for (const edge of arrays.shut_ahead) this.shutAhead[edge] = 1;
    for (const edge of arrays.shut_back) this.shutBack[edge] = 1;
    this.wholeAhead = new Float64Array(edges);
    this.wholeBack = new Float64Array(edges);
    let read = 0;
    for (let edge = 0; edge < edges; edge += 1) {
      const end = this.piece[edge + 1] - 1;
      for (let i = this.piece[edge]; i < end; i += 1, read += 1) {
        this.ahead[i + 1] = this.ahead[i] + arrays.ahead[read];
        this.back[i + 1] = this.back[i] + arrays.ahead[read] + arrays.longer[read];
      }
      this.wholeAhead[edge] = this.shutAhead[edge] ? Infinity : this.ahead[end];
      this.wholeBack[edge] = this.shutBack[edge] ? Infinity : this.back[end];
    }
  }

  // The edges at each node: their other ends, and the ticks there and back.
  _links() {
    const counts = new Uint32Array(this.nodes);
    for (let edge = 0; edge < this.edges; edge += 1) {
      counts[this.u[edge]] += 1;
      counts[this.v[edge]] += 1;
    }
    this.link = startsOf(counts);
    const next = this.link.slice();
    const total = this.link[this.nodes];
    this.head = new Uint32Array(total);
    this.there = new Float64Array(total);
    this.again = new Float64Array(total);
    for (let edge = 0; edge < this.edges; edge += 1) {
      const [one, other] = [next[this.u[edge]]++, next[this.v[edge]]++];
      this.head[one] = this.v[edge];
      this.head[other] = this.u[edge];
      this.there[one] = this.again[other] = this.wholeAhead[edge];
      this.again[one] = this.there[other] = this.wholeBack[edge];
    }
    this.best = new Float64Array(this.nodes).fill(Infinity);
  }

  // Where cells join, and the ticks from both ends of their edge: on the way there, and on the way back.
  _cells(arrays) {
    const count = arrays.cell_edge.length;
    const counts = new Uint32Array(this.edges);
    for (const edge of arrays.cell_edge) if (edge) counts[edge - 1] += 1;
    this.cellAt = startsOf(counts);
    const next = this.cellAt.slice();
    this.cell = new Uint32Array(this.cellAt[this.edges]);
    for (let cell = 0; cell < count; cell += 1) if (arrays.cell_edge[cell]) this.cell[next[arrays.cell_edge[cell] - 1]++] = cell;
    this.cells = count;
    this.since = { ahead: new Float64Array(count), back: new Float64Array(count), leg: Float64Array.from(arrays.cell_leg) };
    for (let cell = 0; cell < count; cell += 1) {
      if (!arrays.cell_edge[cell]) continue;
      const [ahead, back] = this._since(arrays.cell_edge[cell] - 1, arrays.cell_position[cell] / STEPS_PER_M);
      this.since.ahead[cell] = ahead;
      this.since.back[cell] = back;
    }
  }

  // Ticks from the beginning of an edge to a place along it, and back; without end where that is closed.
  _since(edge, position) {
    const length = this.along[this.first[edge + 1] - 1];
    const along = Math.min(1, Math.max(0, length > 0 ? position / length : 0)) * this.pieces[edge];
    const piece = Math.min(Math.floor(along), this.pieces[edge] - 1);
    const low = this.piece[edge] + piece;
    const part = along - piece;
    const between = (ticks) => ticks[low] + part * (ticks[low + 1] - ticks[low]);
    return [this.shutAhead[edge] ? Infinity : between(this.ahead), this.shutBack[edge] ? Infinity : between(this.back)];
  }

  // The segments of the edges that may be joined, by the squares that they touch.
  _bins() {
    const last = this.first[this.data.joinable];
    let [left, foot, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < last; i += 1) {
      left = Math.min(left, this.x[i]);
      right = Math.max(right, this.x[i]);
      foot = Math.min(foot, this.y[i]);
      top = Math.max(top, this.y[i]);
    }
    this.corner = [left, foot];
    this.columns = Math.floor((right - left) / BIN_M) + 1;
    this.rows = Math.floor((top - foot) / BIN_M) + 1;
    const counts = new Uint32Array(this.columns * this.rows);
    const each = (does) => {
      for (let i = 1; i < last; i += 1) {
        if (this.edgeOf[i] !== this.edgeOf[i - 1]) continue;
        const column = (x) => Math.floor((x - left) / BIN_M);
        const row = (y) => Math.floor((y - foot) / BIN_M);
        const [x, px, y, py] = [this.x[i], this.x[i - 1], this.y[i], this.y[i - 1]];
        for (let r = row(Math.min(y, py)); r <= row(Math.max(y, py)); r += 1) {
          for (let c = column(Math.min(x, px)); c <= column(Math.max(x, px)); c += 1) does(r * this.columns + c, i);
        }
      }
    };
    each((bin) => { counts[bin] += 1; });
    this.bin = startsOf(counts);
    const next = this.bin.slice();
    this.segment = new Uint32Array(this.bin[counts.length]);
    each((bin, i) => { this.segment[next[bin]++] = i; });
  }

  /** Metres from the origin. @param {number} lon @param {number} lat @returns {[number, number]} */
  metres(lon, lat) {
    const { middle, half, there, degree } = this.data.fits;
    const u = (lon - middle[0]) / half[0];
    const v = (lat - middle[1]) / half[1];
    return [summed(there[0], degree, u, v), summed(there[1], degree, u, v)];
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  degrees(x, y) {
    const { middle, centre, side, again, degree } = this.data.fits;
    const u = (x - centre[0]) / side[0];
    const v = (y - centre[1]) / side[1];
    return [rounded(middle[0] + summed(again[0], degree, u, v)), rounded(middle[1] + summed(again[1], degree, u, v))];
  }

  /**
   * The nearest way that may be joined; of equally near ones the first.
   * @param {number} x
   * @param {number} y
   * @returns {Foot | null}
   */
  nearest(x, y) {
    const column = Math.floor((x - this.corner[0]) / BIN_M);
    const row = Math.floor((y - this.corner[1]) / BIN_M);
    const [cx, cy] = [x - this.corner[0] - column * BIN_M, y - this.corner[1] - row * BIN_M];
    const inner = Math.min(cx, cy, BIN_M - cx, BIN_M - cy);
    const best = { edge: -1, square: Infinity, position: 0, x: 0, y: 0 };
    const farthest = Math.max(Math.abs(column), Math.abs(row), Math.abs(column - this.columns), Math.abs(row - this.rows)) + 1;
    for (let ring = 0, clear = 0; ring <= farthest && clear * clear <= best.square; ring += 1) {
      for (let r = Math.max(row - ring, 0); r <= Math.min(row + ring, this.rows - 1); r += 1) {
        const across = Math.abs(r - row) === ring ? 1 : Math.max(2 * ring, 1);
        for (let c = column - ring; c <= column + ring; c += across) {
          if (c < 0 || c >= this.columns) continue;
          const bin = r * this.columns + c;
          for (let i = this.bin[bin]; i < this.bin[bin + 1]; i += 1) this._nearer(best, this.segment[i], x, y);
        }
      }
      clear = inner + ring * BIN_M;
    }
    if (best.edge < 0) return null;
    return { edge: best.edge, position: best.position, away: Math.sqrt(best.square), x: best.x, y: best.y };
  }

  _nearer(best, end, x, y) {
    const [ax, ay] = [this.x[end - 1], this.y[end - 1]];
    const [dx, dy] = [this.x[end] - ax, this.y[end] - ay];
    const square = dx * dx + dy * dy;
    let part = square > 0 ? ((x - ax) * dx + (y - ay) * dy) / square : 0;
    let [fx, fy] = [ax + part * dx, ay + part * dy];
    // At an end its own coordinates are used, so that all lines that meet there are equally near.
    if (part <= 0) [part, fx, fy] = [0, ax, ay];
    else if (part >= 1) [part, fx, fy] = [1, this.x[end], this.y[end]];
    const away = (x - fx) * (x - fx) + (y - fy) * (y - fy);
    const edge = this.edgeOf[end];
    if (away > best.square || (away === best.square && edge >= best.edge)) return;
    Object.assign(best, { edge, square: away, position: this.along[end - 1] + part * Math.sqrt(square), x: fx, y: fy });
  }

  /**
   * The place on the nearest way, as it is written in a plan's file.
   * @param {number} lon
   * @param {number} lat
   * @returns {[number, number] | null}
   */
  snapped(lon, lat) {
    const foot = this.nearest(...this.metres(lon, lat));
    return foot && this.degrees(foot.x, foot.y);
  }

  /**
   * The cells that a station at a place reaches, ascending, and within which of the cut-offs; nothing beside all ways.
   * @param {number} lon
   * @param {number} lat
   */
  walk(lon, lat) {
    const key = `${lon} ${lat}`;
    const known = this.held.get(key);
    if (known) return known;
    const { limits, direction, attach_limit_m: limit, speed, per_second: perSecond } = this.data;
    const foot = this.nearest(...this.metres(lon, lat));
    const found = { cell: new Uint32Array(0), step: new Uint8Array(0) };
    if (foot && foot.away <= limit) {
      const leg = (foot.away / speed) * perSecond;
      const combine = COMBINES[direction];
      const most = limits[limits.length - 1] * (combine === "mean" ? 2 : 1);
      const away = direction === "to_facility" ? null : this._oneWay(foot, leg, "ahead", most);
      const home = direction === "from_facility" ? null : this._oneWay(foot, leg, "back", most);
      this._within(found, away, home, combine);
    }
    if (this.held.size > 400) this.held.clear();
    this.held.set(key, found);
    return found;
  }

  _within(found, away, home, combine) {
    const { limits } = this.data;
    const cells = [];
    const steps = [];
    for (let cell = 0; cell < this.cells; cell += 1) {
      let ticks = away ? away[cell] : home[cell];
      if (combine === "slower") ticks = Math.max(ticks, home[cell]);
      else if (combine === "mean") ticks = Math.floor((ticks + home[cell] + 1) / 2);
      if (!(ticks <= limits[limits.length - 1])) continue;
      let step = 0;
      while (limits[step] < ticks) step += 1;
      cells.push(cell);
      steps.push(step);
    }
    found.cell = Uint32Array.from(cells);
    found.step = Uint8Array.from(steps);
  }

  // The ticks to each cell: "ahead" from the station to the cell; "back" from the cell to the station, walked backwards.
  _oneWay(foot, leg, way, most) {
    const { edge } = foot;
    const forward = way === "ahead";
    const [ahead, back] = this._since(edge, foot.position);
    const [there, again] = forward ? [ahead, back] : [back, ahead];
    const whole = forward ? this.wholeAhead : this.wholeBack;
    const reverse = forward ? this.wholeBack : this.wholeAhead;
    const [sinceThere, sinceAgain] = forward ? [this.since.ahead, this.since.back] : [this.since.back, this.since.ahead];
    const { best } = this;
    const touched = this._spread([[this.u[edge], Math.round(again + leg)], [this.v[edge], Math.round(whole[edge] - there + leg)]], forward ? this.there : this.again, most);
    const found = this._arrived(reverse, sinceThere, sinceAgain);
    for (let i = this.cellAt[edge]; i < this.cellAt[edge + 1]; i += 1) {
      const cell = this.cell[i];
      const forwards = sinceThere[cell] - there;
      const direct = Math.round((forwards >= 0 ? forwards : again - sinceAgain[cell]) + leg + this.since.leg[cell]);
      if (direct < found[cell]) found[cell] = direct;
    }
    for (const node of touched) best[node] = Infinity;
    return found;
  }

  // The ticks to each cell from the nearer end of its edge.
  _arrived(reverse, sinceThere, sinceAgain) {
    const { best } = this;
    const found = new Float64Array(this.cells).fill(Infinity);
    for (let at = 0; at < this.edges; at += 1) {
      const [from, to] = [best[this.u[at]], best[this.v[at]]];
      if (from === Infinity && to === Infinity) continue;
      for (let i = this.cellAt[at]; i < this.cellAt[at + 1]; i += 1) {
        const cell = this.cell[i];
        const own = this.since.leg[cell];
        const one = from + Math.round(sinceThere[cell] + own);
        const other = to + Math.round(reverse[at] - sinceAgain[cell] + own);
        // Where a direction is closed there is no number.
        found[cell] = Math.min(one >= 0 ? one : Infinity, other >= 0 ? other : Infinity);
      }
    }
    return found;
  }

  // The least ticks to every node within the limit, in `best`; the nodes that were reached.
  _spread(seeds, costs, most) {
    const { best, heap, link, head, nodes } = this;
    const touched = [];
    const reach = (node, ticks) => {
      if (!(ticks <= most) || ticks >= best[node]) return;
      if (best[node] === Infinity) touched.push(node);
      best[node] = ticks;
      heap.push(ticks * nodes + node);
    };
    for (const [node, ticks] of seeds) reach(node, ticks);
    while (heap.size) {
      const key = heap.pop();
      const ticks = Math.floor(key / nodes);
      const node = key - ticks * nodes;
      if (ticks > best[node]) continue;
      for (let i = link[node]; i < link[node + 1]; i += 1) reach(head[i], ticks + costs[i]);
    }
    return touched;
  }
}
return { Streets };
})();
const module_engine = (() => {
const { arraysOf, bytesOf, climbed, inflated, startsOf } = module_packing;
const { Streets } = module_walking;
// Measures any choice of sites as the library's check does: people in whole numbers, so that sums do not depend on the
// order of edits; land by the same sums. See docs/methods.md, definitions 2, 3, 5 and 10.

const TOLERANCE = 1e-9;
const AREA = "residential_area";
const SHARING = "community";
/** The floors that always stand side by side, m² per person. */
const FLOORS = { "01": 0.1, "02": 0.2 };
/** How many stations of the reader's own may stand beside one another. */
const MOST_PLACED = 30;
const FIGURES = ["land_m2", "land_high_m2", "floor_area_m2", "beds", "capacity", "cost_cny", "subsidy_cny", "subsidy_conditional_cny"];

/**
 * A station that the reader has placed at a point of the network.
 * @typedef {object} Placed
 * @property {number} slot
 * @property {number} lon
 * @property {number} lat
 * @property {number | null} land m²
 * @property {number | null} cost yuan
 * @property {Record<string, string | null>} home the id of its unit at each level
 */

/**
 * @typedef {object} Level
 * @property {string[]} ids
 * @property {(string | null)[]} names
 * @property {boolean} circle whether the service circle is judged at this level
 * @property {Float64Array} elderly
 * @property {Float64Array} elderlyHigh
 * @property {Float64Array} basis
 * @property {Float64Array} basisHigh
 * @property {Float64Array} floor
 * @property {Uint8Array} circleKnown
 * @property {Uint8Array} reachKnown
 * @property {Uint8Array} inPart
 * @property {Uint32Array} start
 * @property {Uint32Array} cell
 * @property {Float64Array} people whole numbers of a part of a person, by entry
 * @property {Float64Array} total
 * @property {Float64Array} [heads] of residential areas: people of the land basis, by entry
 * @property {Float64Array} [headTotal]
 * @property {{start: Uint32Array, place: Uint32Array, weight: Float64Array}} [at] entries of residential areas by cell
 */

/** By how much less than required still meets it. @param {number} required */
const slack = (required) => TOLERANCE * Math.max(1, Math.abs(required));

/**
 * @param {number} required
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {"met" | "gap" | "no_data"}
 */
function atLeast(required, low, high, most) {
  if (low >= most - slack(most)) return "met";
  return high < required - slack(required) ? "gap" : "no_data";
}

/**
 * The largest power of two by which whole numbers of a sum stay exact.
 * @param {number} total
 */
const unitOf = (total) => 2 ** (51 - Math.max(0, Math.ceil(Math.log2(total + 1))));

const unlimited = (value) => (value === -1 ? Infinity : value === null ? NaN : value);

/**
 * Data of the page with their arrays.
 * @param {any} data
 */
async function read(data) {
  const arrays = async ({ arrays: listed, bytes }) => arraysOf(listed, await inflated(bytesOf(bytes)));
  const streets = data.streets ? new Streets(data.streets, await arrays(data.streets.packed)) : null;
  return new Engine(data, await arrays(data.packed), streets);
}

class Engine {
  /**
   * @param {any} data as siting/write/webmap/what_if.py makes them
   * @param {Record<string, any>} arrays
   * @param {Streets | null} [streets] without it stations stand on candidates only
   */
  constructor(data, arrays, streets = null) {
    this.data = data;
    this.streets = streets;
    this.cells = climbed(arrays.cells);
    this.people = arrays.elderly;
    this.inside = arrays.inside;
    this.basis = arrays.basis;
    this.reach = this._reach(arrays);
    this.levels = /** @type {Record<string, Level>} */ ({});
    for (const key of Object.keys(data.levels)) this.levels[key] = this._level(key, arrays);
    this.options = this._options(arrays);
    this.sites = data.sites;
    this.today = new Set(data.today);
    this.firstPlaced = data.sites.id.length;
    this.firstOwn = this.options.site.length;
    if (streets) this._slots();
    this.optionsOf = /** @type {number[][]} */ (this.sites.id.map(() => []));
    this.options.site.forEach((site, option) => this.optionsOf[site].push(option));
    this.siteOf = new Map(data.sites.id.map((id, site) => [`${data.sites.kind[site]}/${id}`, site]));
    this.fixed = this._fixed(arrays);
    this.plots = data.plots.map(({ members, low, high }) => ({
      members,
      low: low.map((row) => row.map(unlimited)),
      high: high.map((row) => row.map(unlimited)),
    }));
    this._weigh();
    this.minutes = data.own;
    this.open = new Uint8Array(this.options.site.length);
    this.count = new Uint16Array(this.cells.length);
    this.overlaps = new Map();
    // The cells that became covered or uncovered since they were drawn.
    this.changed = [];
    this.isChanged = new Uint8Array(this.cells.length);
    this._group(arrays);
    this.set(data.today, data.own);
  }

  _reach(arrays) {
    const start = startsOf(arrays["reach.count"]);
    return { start, cell: climbed(arrays["reach.cell"], start), step: arrays["reach.step"] };
  }

  _level(key, arrays) {
    const of = (name) => arrays[`${key}.${name}`];
    const start = startsOf(of("count"));
    return {
      ...this.data.levels[key],
      elderly: of("elderly"),
      elderlyHigh: of("elderly_high"),
      basis: of("basis"),
      basisHigh: of("basis_high"),
      floor: of("land_floor"),
      circleKnown: of("circle_known"),
      reachKnown: of("reach_known"),
      inPart: of("in_part"),
      start,
      cell: climbed(of("cell"), start),
      share: of("share"),
    };
  }

  _options(arrays) {
    const figures = Object.fromEntries(FIGURES.map((name) => [name, arrays[`option.${name}`]]));
    return { ...this.data.options, ...figures };
  }

  // Room for the stations that the reader places: sites and options after those of the data.
  _slots() {
    const { options, sites, streets } = this;
    const room = Array.from({ length: MOST_PLACED }, (_, slot) => slot);
    const with_ = (column, made) => [...column, ...room.map(made)];
    const told = streets.data;
    this.sites = {
      ...sites,
      kind: with_(sites.kind, () => "placed"),
      id: with_(sites.id, (slot) => `placed-${slot + 1}`),
      name: with_(sites.name, () => null),
      tenure: with_(sites.tenure, () => null),
      premises: with_(sites.premises, () => null),
      lon_lat: with_(sites.lon_lat, () => null),
    };
    const each = (columns, made) => Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, with_(column, () => made(key))]));
    this.options = {
      ...options,
      site: with_(options.site, (slot) => this.firstPlaced + slot),
      size: with_(options.size, () => null),
      tier: with_(options.tier, () => "station"),
      counts: with_(options.counts, () => (told.counts ? 1 : 0)),
      serves: with_(options.serves, () => 1),
      home: each(options.home, () => -1),
      gives: each(options.gives, (key) => told.gives[key]),
    };
    for (const name of FIGURES) {
      const longer = new Float64Array(this.firstOwn + MOST_PLACED).fill(name.startsWith("subsidy") ? 0 : NaN);
      longer.set(options[name]);
      this.options[name] = longer;
    }
    this.placed = room.map(() => null);
    this.rows = room.map(() => ({ cell: [], step: [], from: 0, to: 0 }));
    this.unitAt = Object.fromEntries(Object.keys(options.home).map((key) => [key, new Map(this.levels[key].ids.map((id, place) => [id, place]))]));
  }

  /** The option of a station that the reader places. @param {number} slot */
  optionAt(slot) {
    return this.firstOwn + slot;
  }

  /** Whether a site is new: a candidate, or the reader's own. @param {number} site */
  isNew(site) {
    return this.sites.kind[site] !== "facility";
  }

  /** Whether an option is a facility of today in a larger size. @param {number} option */
  isEnlarged(option) {
    return this.sites.kind[this.options.site[option]] === "facility" && !this.today.has(option);
  }

  /** The cells that a site reaches and their steps, from one position to another. @param {number} site */
  row(site) {
    if (site >= this.firstPlaced) return this.rows[site - this.firstPlaced];
    const { start, cell, step } = this.reach;
    return { cell, step, from: start[site], to: start[site + 1] };
  }

  /** Stand the reader's own stations where they are wanted. @param {Placed[]} wanted */
  place(wanted) {
    if (!this.placed) return;
    const by = new Map(wanted.map((each) => [each.slot, each]));
    this.placed.forEach((held, slot) => {
      const next = by.get(slot) ?? null;
      if (JSON.stringify(held) === JSON.stringify(next)) return;
      const [site, option] = [this.firstPlaced + slot, this.optionAt(slot)];
      this.turn(option, false);
      this.overlaps.delete(site);
      this.placed[slot] = next;
      if (!next) return;
      const { cell, step } = this.streets.walk(next.lon, next.lat);
      this.rows[slot] = { cell, step, from: 0, to: cell.length };
      this.sites.lon_lat[site] = [next.lon, next.lat];
      const most = this.streets.data.land_at_most_m2;
      this.options.land_m2[option] = next.land ?? NaN;
      this.options.land_high_m2[option] = next.land ?? (most < 0 ? Infinity : most);
      this.options.cost_cny[option] = next.cost ?? NaN;
      for (const key of Object.keys(this.options.home)) this.options.home[key][option] = this.unitAt[key].get(next.home[key]) ?? -1;
    });
  }

  _fixed(arrays) {
    const found = new Map();
    for (const option of this.data.options.fixed) {
      const of = (name) => arrays[`fixed.${option}.${name}`];
      found.set(option, { persons: of("persons")[0], place: climbed(of("place")), part: of("part") });
    }
    return found;
  }

  // People of cells and of their parts in places, as whole numbers.
  _weigh() {
    const total = this.people.reduce((sum, each) => sum + each, 0);
    this.unit = unitOf(total);
    this.whole = this.people.map((each, cell) => Math.round(each * this.inside[cell] * this.unit));
    const parts = [];
    for (const [key, level] of Object.entries(this.levels)) {
      const { weights } = this._weights(level, this.people, this.unit);
      level.people = weights;
      level.total = new Float64Array(level.ids.length);
      for (let place = 0; place < level.ids.length; place += 1) {
        for (let i = level.start[place]; i < level.start[place + 1]; i += 1) level.total[place] += weights[i];
      }
      parts.push([key, level]);
    }
    this._byCell(parts);
    const area = this.levels[AREA];
    if (!area) return;
    const heads = this.basis.reduce((sum, each) => sum + each, 0);
    this.headUnit = unitOf(heads);
    this.heads = this.basis.map((each) => Math.round(each * this.headUnit));
    area.heads = this._weights(area, this.basis, this.headUnit).weights;
    area.headTotal = new Float64Array(area.ids.length);
    area.at = this._indexed(area, area.heads);
    for (let place = 0; place < area.ids.length; place += 1) {
      for (let i = area.start[place]; i < area.start[place + 1]; i += 1) area.headTotal[place] += area.heads[i];
    }
  }

  // Groups among the elderly, and what covering a cell is worth where a person of a group has a weight.
  _group(arrays) {
    this.groups = this.data.groups.map(({ name, known }, i) => {
      const persons = arrays[`group.${i}`];
      const unit = unitOf(persons.reduce((sum, each, cell) => sum + each * this.inside[cell], 0));
      const whole = persons.map((each, cell) => Math.round(each * this.inside[cell] * unit));
      return { name, known, persons, unit, whole, total: whole.reduce((sum, each) => sum + each, 0), covered: 0 };
    });
    this._value(this.groups.map(() => 1));
  }

  /**
   * The weighted people of each cell, by the sum that the library makes of them.
   * @param {number[]} weights of the groups
   */
  valueOf(weights) {
    return this.people.map((people, cell) => {
      const inside = this.inside[cell];
      const value = this.groups.reduce((sum, { persons }, i) => sum + (weights[i] - 1) * persons[cell] * inside, people * inside);
      return Math.max(value, 0);
    });
  }

  _value(weights) {
    this.weights = weights;
    if (weights.every((each) => each === 1)) {
      this.value = this.whole;
      this.valueUnit = this.unit;
    } else {
      const value = this.valueOf(weights);
      this.valueUnit = unitOf(value.reduce((sum, each) => sum + each, 0));
      this.value = value.map((each) => Math.round(each * this.valueUnit));
    }
    this.coveredValue = 0;
    for (let cell = 0; cell < this.count.length; cell += 1) if (this.count[cell] > 0) this.coveredValue += this.value[cell];
  }

  /** Whether some person counts for more or less than one. */
  get weighted() {
    return this.value !== this.whole;
  }

  /** @param {number[]} weights of the groups, in the order of the data */
  setWeights(weights) {
    if (weights.some((each, i) => each !== this.weights[i])) this._value(weights);
  }

  // Shares × people; by area alone where nobody lives.
  _weights(level, people, unit) {
    const weights = new Float64Array(level.cell.length);
    for (let place = 0; place < level.ids.length; place += 1) {
      let sum = 0;
      for (let i = level.start[place]; i < level.start[place + 1]; i += 1) sum += level.share[i] * people[level.cell[i]];
      for (let i = level.start[place]; i < level.start[place + 1]; i += 1) {
        weights[i] = Math.round((sum > 0 ? level.share[i] * people[level.cell[i]] : level.share[i]) * unit);
      }
    }
    return { weights };
  }

  // The entries of a level by cell: starts, places, weights.
  _indexed(level, weights) {
    const counts = new Uint32Array(this.cells.length);
    for (const cell of level.cell) counts[cell] += 1;
    const start = startsOf(counts);
    const next = start.slice();
    const place = new Uint32Array(level.cell.length);
    const weight = new Float64Array(level.cell.length);
    for (let row = 0; row < level.ids.length; row += 1) {
      for (let i = level.start[row]; i < level.start[row + 1]; i += 1) {
        const to = next[level.cell[i]]++;
        place[to] = row;
        weight[to] = weights[i];
      }
    }
    return { start, place, weight };
  }

  _byCell(levels) {
    this.covered = {};
    this.entries = levels.map(([key, level]) => {
      this.covered[key] = new Float64Array(level.ids.length);
      return { ...this._indexed(level, level.people), sums: this.covered[key] };
    });
    this.coveredWhole = 0;
  }

  _turn(cell, sign) {
    this.coveredWhole += sign * this.whole[cell];
    this.coveredValue += sign * this.value[cell];
    for (const group of this.groups) group.covered += sign * group.whole[cell];
    if (!this.isChanged[cell]) {
      this.isChanged[cell] = 1;
      this.changed.push(cell);
    }
    for (const { start, place, weight, sums } of this.entries) {
      for (let i = start[cell]; i < start[cell + 1]; i += 1) sums[place[i]] += sign * weight[i];
    }
  }

  /** Which cells changed since the last call. @returns {number[]} */
  takeChanged() {
    const found = this.changed;
    for (const cell of found) this.isChanged[cell] = 0;
    this.changed = [];
    return found;
  }

  // Count an option, or no longer, in the cells that it reaches later than at one cut-off and up to another.
  _serve(option, sign, after = -1, upTo = this.minutes) {
    if (!this.options.counts[option]) return;
    const { cell, step, from, to } = this.row(this.options.site[option]);
    for (let i = from; i < to; i += 1) {
      if (step[i] <= after || step[i] > upTo) continue;
      const at = cell[i];
      const before = this.count[at];
      this.count[at] = before + sign;
      if (sign > 0 ? before === 0 : before === 1) this._turn(at, sign);
    }
  }

  /**
   * How many stations of a choice may be new: closing a facility of the circle allows one more, as in a plan. Null
   * without a limit.
   * @param {{open: number[], stations: number | null}} choice
   */
  mostNew(choice) {
    return choice.stations === null ? null : choice.stations + this.closedOf(choice).filter((option) => this.options.counts[option]).length;
  }

  /** What stands today and is closed in a choice. @param {{open: number[]}} choice */
  closedOf({ open }) {
    const stays = new Set(open.map((option) => this.options.site[option]));
    return this.data.today.filter((option) => !stays.has(this.options.site[option]));
  }

  /**
   * Open or close one option; another option of its site is closed.
   * @param {number} option
   * @param {boolean} open
   */
  turn(option, open) {
    if (Boolean(this.open[option]) === open) return;
    if (open) for (const other of this.optionsOf[this.options.site[option]]) this.turn(other, false);
    this.open[option] = open ? 1 : 0;
    this._serve(option, open ? 1 : -1);
  }

  /** @param {number} position of the cut-off among those that can be chosen */
  setMinutes(position) {
    if (position === this.minutes) return;
    const longer = position > this.minutes;
    const [after, upTo] = longer ? [this.minutes, position] : [position, this.minutes];
    for (const option of this.opened()) this._serve(option, longer ? 1 : -1, after, upTo);
    this.minutes = position;
    this.overlaps = new Map();
  }

  /**
   * @param {Iterable<number>} options
   * @param {number} minutes
   * @param {Placed[]} [placed] the reader's own stations; those that stand, if absent
   * @param {number[]} [weights] of the groups; those that hold, if absent
   */
  set(options, minutes, placed, weights) {
    if (weights) this.setWeights(weights);
    if (placed) this.place(placed);
    this.setMinutes(minutes);
    const wanted = new Set(options);
    for (let option = 0; option < this.open.length; option += 1) if (!wanted.has(option)) this.turn(option, false);
    for (const option of wanted) this.turn(option, true);
  }

  /** @returns {number[]} ascending */
  opened() {
    const found = [];
    for (let option = 0; option < this.open.length; option += 1) if (this.open[option]) found.push(option);
    return found;
  }

  /** How many more elderly a closed option would cover, or how many fewer without an open one. @param {number} option */
  gain(option) {
    if (!this.options.counts[option]) return 0;
    const { cell, step, from, to } = this.row(this.options.site[option]);
    const alone = this.open[option] ? 1 : 0;
    let sum = 0;
    for (let i = from; i < to; i += 1) {
      if (step[i] <= this.minutes && this.count[cell[i]] === alone) sum += this.whole[cell[i]];
    }
    return sum / this.unit;
  }

  // The persons that a site reaches, and those of them in each residential area.
  _overlap(site) {
    const known = this.overlaps.get(site);
    if (known) return known;
    const { start, place, weight } = this.levels[AREA].at;
    const sums = this.scratch || (this.scratch = new Float64Array(this.levels[AREA].ids.length));
    const touched = [];
    let persons = 0;
    const row = this.row(site);
    for (let i = row.from; i < row.to; i += 1) {
      if (row.step[i] > this.minutes) continue;
      const cell = row.cell[i];
      persons += this.heads[cell];
      for (let j = start[cell]; j < start[cell + 1]; j += 1) {
        if (sums[place[j]] === 0) touched.push(place[j]);
        sums[place[j]] += weight[j];
      }
    }
    // A place whose weight is 0 may be named twice: its sum is taken once.
    const part = touched.map((each) => { const sum = sums[each]; sums[each] = 0; return sum / this.headUnit; });
    const found = { persons: persons / this.headUnit, place: touched, part };
    this.overlaps.set(site, found);
    return found;
  }

  // The land of each open option; on a common plot by which of its facilities are open.
  _lands(opened) {
    const low = new Map();
    const high = new Map();
    for (const option of opened) {
      low.set(option, this.options.land_m2[option]);
      high.set(option, this.options.land_high_m2[option]);
    }
    for (const plot of this.plots) {
      const choice = plot.members.reduce((bits, member, i) => bits + (this.open[member] ? 2 ** i : 0), 0);
      plot.members.forEach((member, i) => {
        if (!this.open[member]) return;
        low.set(member, plot.low[choice][i]);
        high.set(member, plot.high[choice][i]);
      });
    }
    return { low, high };
  }

  /** People and land of the whole and of every place. */
  figures() {
    const opened = this.opened();
    const lands = this._lands(opened);
    const levels = {};
    for (const [key, level] of Object.entries(this.levels)) {
      const circle = this._circle(key, level);
      const land = key === AREA ? this._landReach(level, opened, lands) : this._landWithin(key, level, opened, lands);
      levels[key] = { ...circle, ...land };
    }
    return { whole: this._whole(opened, lands), levels, units: this._units(opened), money: this._money(opened) };
  }

  _circle(key, level) {
    const count = level.ids.length;
    const found = { covered: new Float64Array(count), uncovered: new Float64Array(count), share: new Float64Array(count) };
    for (let place = 0; place < count; place += 1) {
      const elderly = level.elderly[place];
      const most = level.elderlyHigh[place];
      let share = level.circleKnown[place] && level.total[place] > 0 ? this.covered[key][place] / level.total[place] : NaN;
      let covered = elderly * share;
      if (elderly === 0) covered = level.circleKnown[place] ? 0 : NaN;
      if (level.inPart[place] && most > 0) share = covered / most;
      found.share[place] = share;
      found.covered[place] = covered;
      found.uncovered[place] = most - covered;
    }
    return found;
  }

  _landWithin(key, level, opened, lands) {
    const low = new Float64Array(level.ids.length);
    const high = new Float64Array(level.ids.length);
    const home = this.options.home[key];
    for (const option of opened) {
      if (!home || home[option] < 0) continue;
      const least = lands.low.get(option);
      low[home[option]] += Number.isNaN(least) ? 0 : least;
      high[home[option]] += lands.high.get(option);
    }
    if (!this.data.complete) high.fill(Infinity);
    return { low, high };
  }

  _landReach(level, opened, lands) {
    const count = level.ids.length;
    const low = new Float64Array(count);
    const high = new Float64Array(count);
    for (const option of opened) {
      const catchment = this.fixed.get(option) || this._overlap(this.options.site[option]);
      if (!(catchment.persons > 0)) continue;
      const least = lands.low.get(option);
      const a = (Number.isNaN(least) ? 0 : least) / catchment.persons;
      const b = lands.high.get(option) / catchment.persons;
      for (let i = 0; i < catchment.place.length; i += 1) {
        if (!(catchment.part[i] > 0)) continue;
        low[catchment.place[i]] += a * catchment.part[i];
        high[catchment.place[i]] += b * catchment.part[i];
      }
    }
    const each = new Float64Array(count);
    for (let place = 0; place < count; place += 1) {
      const total = level.headTotal[place] / this.headUnit;
      const known = level.reachKnown[place] && total > 0;
      each[place] = known ? low[place] / total : NaN;
      const most = this.data.complete ? high[place] / total : Infinity;
      const people = level.basis[place];
      low[place] = people === 0 ? 0 : each[place] * people;
      high[place] = people === 0 ? 0 : known ? most * people : NaN;
    }
    return { low, high, each };
  }

  /**
   * What is required at a floor, and the gap with what surely there is, and with the most that there may be.
   * @param {{low: Float64Array, high: Float64Array}} land
   * @param {Level} level
   * @param {number} place
   * @param {number} floor
   */
  gapOf(land, level, place, floor) {
    const required = level.basis[place] * floor;
    const most = level.basisHigh[place] * floor;
    const clip = (value) => (value < 0 ? 0 : value);
    return { required, gap: clip(most - land.low[place]), least: clip(required - land.high[place]) };
  }

  /**
   * @param {Level} level
   * @param {{low: Float64Array, high: Float64Array}} land
   * @param {number} place
   * @param {number} floor
   */
  landVerdict(level, land, place, floor) {
    const people = level.basis[place];
    const most = level.basisHigh[place];
    if (Number.isNaN(people) || Number.isNaN(floor)) return "no_data";
    if (!(people > 0) && most === people) return "not_applicable";
    return atLeast(floor * people, land.low[place], land.high[place], floor * most);
  }

  /**
   * @param {Level} level
   * @param {{covered: Float64Array}} circle
   * @param {number} place
   * @param {number} pass
   */
  circleVerdict(level, circle, place, pass) {
    const elderly = level.elderly[place];
    if (Number.isNaN(elderly) || !level.circleKnown[place]) return "no_data";
    const most = level.elderlyHigh[place];
    if (!(most > 0)) return "not_applicable";
    const covered = Number.isNaN(circle.covered[place]) ? 0 : circle.covered[place];
    const high = this.data.complete ? Math.min((covered + most - elderly) / most, 1) : 1;
    return atLeast(pass, Math.min(covered / most, 1), high, pass);
  }

  _whole(opened, lands) {
    const { whole } = this.data;
    const covered = this.coveredWhole / this.unit;
    let low = 0;
    let high = 0;
    const homes = Object.values(this.options.home);
    for (const option of opened) {
      if (!homes.some((home) => home[option] >= 0)) continue;
      const least = lands.low.get(option);
      low += Number.isNaN(least) ? 0 : least;
      high += lands.high.get(option);
    }
    if (!this.data.complete) high = Infinity;
    const most = whole.elderly_high === null ? Infinity : whole.elderly_high;
    const people = whole.basis_high === null ? Infinity : whole.basis_high;
    const gaps = {};
    for (const [name, floor] of Object.entries({ ...FLOORS, own: whole.land_floor === null ? NaN : whole.land_floor })) {
      gaps[name] = { required: floor * whole.basis, gap: Math.max(0, floor * people - low), least: Math.max(0, floor * whole.basis - high) };
    }
    const groups = this.groups.map(({ known, unit, total, covered: near }) => ({
      covered: known ? near / unit : NaN,
      share: known && total > 0 ? near / total : NaN,
    }));
    const weighted = this.coveredValue / this.valueUnit;
    return { elderly: whole.elderly, covered, share: most > 0 ? covered / most : NaN, low, high, gaps, groups, weighted };
  }

  // How many of the units that must have a facility have one.
  _units(opened) {
    const found = [];
    for (const clause of this.data.clauses) {
      const { level } = clause;
      const has = this._having(level, clause.serving, opened);
      const sure = clause.counts.filter((unit) => has[unit]).length;
      const rest = clause.may_count.filter((unit) => !has[unit]).length;
      found.push({ clause: clause.clause, level, has: sure, of: clause.counts.length, share: sure > 0 ? sure / (sure + rest) : 0 });
    }
    return found;
  }

  _having(level, serving, opened) {
    const has = new Uint8Array(this.levels[level].ids.length);
    const home = this.options.home[level];
    const gives = this.options.gives[level];
    for (const option of opened) {
      if (home[option] >= 0 && gives[option] && (!serving || this.options.serves[option])) has[home[option]] = 1;
    }
    if (level === SHARING && this.data.shared_from !== null) this._share(has, opened);
    return has;
  }

  // Communities whose elderly live for the most part within the circle of one facility share it.
  _share(has, opened) {
    const level = this.levels[SHARING];
    const { start, place, weight } = this.entries[Object.keys(this.levels).indexOf(SHARING)];
    const least = this.data.shared_from - slack(this.data.shared_from);
    for (const option of opened) {
      if (!this.options.counts[option] || !this.options.gives[SHARING][option]) continue;
      const row = this.row(this.options.site[option]);
      const sums = new Map();
      for (let i = row.from; i < row.to; i += 1) {
        if (row.step[i] > this.minutes) continue;
        const cell = row.cell[i];
        for (let j = start[cell]; j < start[cell + 1]; j += 1) sums.set(place[j], (sums.get(place[j]) || 0) + weight[j]);
      }
      for (const [unit, sum] of sums) {
        const known = level.circleKnown[unit] && !level.inPart[unit] && level.elderly[unit] > 0;
        if (known && sum / level.total[unit] >= least) has[unit] = 1;
      }
    }
  }

  // The cost of the new stations and of enlarging facilities, what is paid for them, and how many have no cost.
  _money(opened) {
    const money = { stations: 0, cost: 0, unknown: 0, subsidy: 0, conditional: 0 };
    for (const option of opened) {
      const isNew = this.isNew(this.options.site[option]);
      if (!isNew && !this.isEnlarged(option)) continue;
      if (isNew) money.stations += 1;
      const cost = this.options.cost_cny[option];
      if (Number.isNaN(cost)) money.unknown += 1;
      else money.cost += cost;
      money.subsidy += this.options.subsidy_cny[option];
      money.conditional += this.options.subsidy_conditional_cny[option];
    }
    return money;
  }

  /** The funding lines of the open stations by clause, line and state. */
  funding() {
    const found = new Map();
    for (const option of this.opened()) {
      for (const { clause_id: clause, line, status, amount_cny: amount } of this.data.funding[option] || []) {
        const key = `${clause}|${line}|${status}`;
        const held = found.get(key) || { clause, line, status, sites: 0, amount: 0, unknown: 0 };
        held.sites += 1;
        if (amount === null) held.unknown += 1;
        else held.amount += amount;
        found.set(key, held);
      }
    }
    return [...found.keys()].sort().map((key) => found.get(key));
  }
}
return { FLOORS, MOST_PLACED, atLeast, unitOf, read, Engine };
})();
const module_numbers = (() => {
// Numbers as text, as siting/text/numbers.py writes them: ties go to the even digit.

const EXACT = 40;
const UNKNOWN = "–";

/**
 * @param {number} value finite
 * @param {number} digits
 */
function fixed(value, digits) {
  const size = Math.abs(value);
  let text = size.toFixed(digits);
  if (size < 1e20) {
    const whole = size.toFixed(EXACT);
    const cut = whole.length - EXACT + digits - (digits ? 0 : 1);
    const rest = whole.slice(cut).replace(".", "");
    if (/^50*$/.test(rest)) {
      const down = whole.slice(0, cut);
      const even = Number(down[down.length - 1]) % 2 === 0;
      if (even) text = down;
    }
  }
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

/**
 * @param {number | null} value
 * @param {number} [digits]
 */
function number(value, digits = 0) {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const [whole, part] = fixed(value, digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/**
 * Two decimals more are those of a fraction of a hundred, without rounding twice.
 * @param {number | null} share
 * @param {number} [digits]
 */
function percent(share, digits = 1) {
  return share === null || !Number.isFinite(share) ? UNKNOWN : `${fixed(share * 100, digits)}%`;
}

/** @param {number | null} count */
const persons = (count) => (count !== null && count > 0 && count < 1 ? "<1" : number(count));

/**
 * @param {number} low
 * @param {number} high
 * @param {(value: number) => string} write
 */
function between(low, high, write) {
  if (Number.isNaN(low) && Number.isNaN(high)) return UNKNOWN;
  if (low === high || (Number.isFinite(low) && Number.isFinite(high) && write(low) === write(high))) return write(low);
  if (Number.isNaN(high) || high === Infinity) return `≥ ${write(low)}`;
  return Number.isNaN(low) || low <= 0 ? `≤ ${write(high)}` : `${write(low)}–${write(high)}`;
}
return { UNKNOWN, fixed, number, percent, persons, between };
})();
const module_state = (() => {
// A reader's choice, the edits that led to it, and named variants: plain values, so that the same choice is the same text.

/**
 * @typedef {object} Choice
 * @property {number[]} open options, ascending
 * @property {import("./engine.mjs").Placed[]} placed the reader's own stations, by slot
 * @property {number[]} pinned sites that the solver may not change, ascending
 * @property {number} minutes position of the cut-off
 * @property {"01" | "02" | "own"} floor
 * @property {number} pass share that passes
 * @property {number | null} stations most new stations
 * @property {number | null} budget yuan
 * @property {number[]} weights of the groups, in the order of the data
 */

/** @typedef {{name: string, choice: Choice}} Variant */

const ascending = (values) => [...new Set(values)].sort((one, other) => one - other);

/**
 * @param {Choice} choice
 * @param {Partial<Choice>} change
 * @returns {Choice}
 */
function changed(choice, change) {
  const next = { ...choice, ...change };
  const placed = [...next.placed].sort((one, other) => one.slot - other.slot);
  return { ...next, open: ascending(next.open), placed, pinned: ascending(next.pinned) };
}

/**
 * The choice with a station of the reader's own placed, moved or changed.
 * @param {Choice} choice
 * @param {import("./engine.mjs").Placed} station
 * @param {number} option
 */
function placedAt(choice, station, option) {
  const rest = choice.placed.filter(({ slot }) => slot !== station.slot);
  return changed(choice, { placed: [...rest, station], open: [...choice.open, option] });
}

/**
 * The choice without a station of the reader's own.
 * @param {Choice} choice
 * @param {number} slot
 * @param {number} option
 */
const removed = (choice, slot, option) =>
  changed(choice, { placed: choice.placed.filter((each) => each.slot !== slot), open: choice.open.filter((each) => each !== option) });

/**
 * The choice with one option open or closed; another option of its site makes way.
 * @param {Choice} choice
 * @param {number} option
 * @param {boolean} open
 * @param {number[]} others the options of the same site
 */
function turned(choice, option, open, others) {
  const rest = choice.open.filter((each) => !others.includes(each));
  return changed(choice, { open: open ? [...rest, option] : rest });
}

/** A choice by the ids of the data, as it is saved: it is read again though the rows have another order. */
class Naming {
  /** @param {import("./engine.mjs").Engine} engine */
  constructor(engine) {
    this.engine = engine;
  }

  _site(option) {
    const { sites, options } = this.engine;
    const site = options.site[option];
    const size = options.size[option];
    return size === null ? [sites.kind[site], sites.id[site]] : [sites.kind[site], sites.id[site], size];
  }

  /** @param {Choice} choice */
  told(choice) {
    const { sites, data } = this.engine;
    return {
      open: choice.open.filter((option) => option < this.engine.firstOwn).map((option) => this._site(option)),
      ...(choice.placed.length ? { placed: choice.placed } : {}),
      pinned: choice.pinned.map((site) => [sites.kind[site], sites.id[site]]),
      minutes: data.minutes[choice.minutes],
      floor: choice.floor,
      pass: choice.pass,
      stations: choice.stations,
      budget: choice.budget,
      // By name: pages of other days may know other groups.
      ...(data.groups.length ? { weights: data.groups.map(({ name }, i) => [name, choice.weights[i]]) } : {}),
    };
  }

  /**
   * The choice of a text; what the data lack is left out.
   * @param {any} told
   * @param {Choice} base
   * @returns {Choice}
   */
  read(told, base) {
    const { engine } = this;
    const open = [];
    for (const [kind, id, size] of told.open) {
      const site = engine.siteOf.get(`${kind}/${id}`);
      if (site === undefined) continue;
      const rows = engine.optionsOf[site];
      open.push(rows.find((row) => engine.options.size[row] === (size ?? null)) ?? rows[0]);
    }
    const pinned = told.pinned.map(([kind, id]) => engine.siteOf.get(`${kind}/${id}`)).filter((site) => site !== undefined);
    const minutes = engine.data.minutes.indexOf(told.minutes);
    const { floor, pass, stations, budget } = told;
    const placed = engine.streets ? (told.placed ?? []) : [];
    open.push(...placed.map(({ slot }) => engine.optionAt(slot)));
    const weightOf = new Map(told.weights ?? []);
    const weights = engine.data.groups.map((group, i) => weightOf.get(group.name) ?? base.weights[i]);
    return changed(base, { open, placed, pinned, minutes: minutes < 0 ? base.minutes : minutes, floor, pass, stations, budget, weights });
  }
}

/** What was chosen, step by step. */
class History {
  /** @param {Choice} first */
  constructor(first) {
    this.steps = [first];
    this.at = 0;
  }

  get choice() {
    return this.steps[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at + 1 < this.steps.length;
  }

  /**
   * A further step. Steps of one kind in a row, such as those of a slider, are one.
   * @param {Choice} choice
   * @param {string} [kind]
   */
  push(choice, kind = "") {
    if (JSON.stringify(choice) === JSON.stringify(this.choice)) return;
    const same = kind !== "" && kind === this.kind && this.at + 1 === this.steps.length && this.at > 0;
    this.steps.splice(same ? this.at : this.at + 1, Infinity, choice);
    this.at = this.steps.length - 1;
    this.kind = kind;
  }

  undo() {
    if (this.canUndo) this.at -= 1;
    this.kind = "";
  }

  redo() {
    if (this.canRedo) this.at += 1;
    this.kind = "";
  }
}

/**
 * What a saved page holds: no history, so that undone edits leave no trace.
 * @param {Naming} naming
 * @param {Choice} choice
 * @param {Variant[]} variants
 */
function savedText(naming, choice, variants) {
  const told = { choice: naming.told(choice), variants: variants.map(({ name, choice: of }) => ({ name, choice: naming.told(of) })) };
  return JSON.stringify(told).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
return { changed, placedAt, removed, turned, Naming, History, savedText };
})();
const module_figures = (() => {
const { between, number, percent, persons, UNKNOWN } = module_numbers;
// The lines of figures that are compared: today, the plan, and the reader's choice.

const AREA = "residential_area";
const TEN_THOUSAND = 10000;

/** An interval of whole numbers. @param {number} low @param {number} high */
const betweenNumbers = (low, high) => between(low, high, number);

/** @param {number} yuan */
const money = (yuan) => number(yuan / TEN_THOUSAND, 1);

/**
 * Everything that is told of a choice, worked out once.
 * @param {import("./engine.mjs").Engine} engine
 * @param {import("./state.mjs").Choice} choice
 */
function measured(engine, choice) {
  const found = engine.figures();
  const streets = engine.levels.street;
  const held = found.levels.street;
  let passing = 0;
  let worst = -1;
  if (streets) {
    streets.ids.forEach((_, place) => {
      if (engine.circleVerdict(streets, held, place, choice.pass) === "met") passing += 1;
      if (!Number.isNaN(held.share[place]) && (worst < 0 || held.share[place] < held.share[worst])) worst = place;
    });
  }
  return { ...found, passing, worst };
}

/**
 * The floor of a place: 0.1, 0.2, or the one that governs.
 * @param {import("./engine.mjs").Level} level
 * @param {number} place
 * @param {string} floor
 */
const floorOf = (level, place, floor) => (floor === "own" ? level.floor[place] : floor === "01" ? 0.1 : 0.2);

/**
 * The gaps of a level added up.
 * @param {import("./engine.mjs").Engine} engine
 * @param {any} found
 * @param {string} key
 * @param {string} floor
 */
function gapSum(engine, found, key, floor) {
  const level = engine.levels[key];
  let most = 0;
  let least = 0;
  level.ids.forEach((_, place) => {
    const { gap, least: low } = engine.gapOf(found.levels[key], level, place, floorOf(level, place, floor));
    if (!Number.isNaN(gap)) most += gap;
    if (!Number.isNaN(low)) least += low;
  });
  return betweenNumbers(least, most);
}

const nameOf = (level, place) => level.names[place] ?? level.ids[place];

/** @typedef {{key: string, values?: Record<string, string>, write: (found: any) => string}} Line */

/**
 * Lines of the comparison: a key of the texts with its values, and how a choice's figure is written.
 * @param {import("./engine.mjs").Engine} engine
 * @param {import("./state.mjs").Choice} choice
 * @returns {Line[]}
 */
function linesOf(engine, choice) {
  const { data, levels } = engine;
  const floor = choice.floor === "own" ? "land_gap_own" : "land_gap";
  const told = choice.floor === "01" ? "0.1" : "0.2";
  /** @type {Line[]} */
  const lines = [
    { key: "share", write: ({ whole }) => percent(whole.share) },
    { key: "covered", write: ({ whole }) => number(whole.covered) },
    ...data.groups.map(({ name }, i) => ({ key: "group", values: { name }, write: ({ whole: { groups } }) => `${number(groups[i].covered)} · ${percent(groups[i].share)}` })),
  ];
  if (engine.weighted) lines.push({ key: "weighted", write: ({ whole }) => number(whole.weighted) });
  if (levels.street) {
    const streets = levels.street;
    if (streets.circle) lines.push({ key: "passing", values: { share: percent(choice.pass, 0) }, write: ({ passing }) => `${passing}/${streets.ids.length}` });
    lines.push({ key: "worst", write: ({ worst, levels: of }) => (worst < 0 ? UNKNOWN : `${nameOf(streets, worst)} ${percent(of.street.share[worst])}`) });
  }
  lines.push({ key: "land", write: ({ whole }) => betweenNumbers(whole.low, whole.high) });
  lines.push({ key: floor, values: { floor: told }, write: ({ whole }) => betweenNumbers(whole.gaps[choice.floor].least, whole.gaps[choice.floor].gap) });
  if (levels.street) lines.push({ key: "land_units", write: (found) => gapSum(engine, found, "street", choice.floor) });
  if (levels[AREA]) lines.push({ key: "land_areas", write: (found) => gapSum(engine, found, AREA, choice.floor) });
  data.clauses.forEach(({ level }, i) => {
    if (data.clauses.findIndex((other) => other.level === level) === i) {
      lines.push({ key: `units_${level}`, write: ({ units }) => `${units[i].has}/${units[i].of}` });
    }
  });
  lines.push({ key: "stations", write: ({ money: { stations } }) => String(stations) });
  lines.push({ key: "cost", write: ({ money: { cost, unknown } }) => (unknown ? `≥ ${money(cost)}` : money(cost)) });
  lines.push({ key: "subsidy", write: ({ money: { subsidy } }) => money(subsidy) });
  lines.push({ key: "conditional", write: ({ money: { conditional } }) => money(conditional) });
  return lines;
}

/**
 * The table of the units of a level, as rows of figures.
 * @param {import("./engine.mjs").Engine} engine
 * @param {any} found
 * @param {string} key
 * @param {import("./state.mjs").Choice} choice
 */
function placeRows(engine, found, key, choice) {
  const level = engine.levels[key];
  const held = found.levels[key];
  return level.ids.map((id, place) => {
    const { gap, least } = engine.gapOf(held, level, place, floorOf(level, place, choice.floor));
    return {
      id,
      name: nameOf(level, place),
      share: percent(held.share[place]),
      covered: persons(held.covered[place]),
      gap: Number.isNaN(gap) ? UNKNOWN : betweenNumbers(Number.isNaN(least) ? gap : least, gap),
      circle: level.circle ? engine.circleVerdict(level, held, place, choice.pass) : null,
      land: engine.landVerdict(level, held, place, floorOf(level, place, choice.floor)),
    };
  });
}
return { TEN_THOUSAND, betweenNumbers, money, measured, floorOf, gapSum, linesOf, placeRows };
})();
const module_placing = (() => {
const { MOST_PLACED } = module_engine;
const { persons } = module_numbers;
const { placedAt, removed } = module_state;
const { TEN_THOUSAND } = module_figures;
// Stations of the reader's own, at any point of the network: they are placed, dragged, and moved by the arrow keys.

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// One press of a key, pixels; a way that the press does not leave is left by a longer one.
const PRESS = 16;
const LONGEST = 12;

const inRing = (ring, x, y) => {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
};

/**
 * Whether a polygon or several hold a point, by the rings that lie around it.
 * @param {any} geometry
 * @param {number} x
 * @param {number} y
 */
function holds({ type, coordinates }, x, y) {
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
  return polygons.some((rings) => rings.filter((ring) => inRing(ring, x, y)).length % 2 === 1);
}

class Placing {
  constructor() {
    this.after = "sites";
    this.marks = new Map();
    this.rows = new Map();
  }

  build(view) {
    const { make, L, map, data } = view.tools;
    this.view = view;
    const { engine } = view;
    this.levels = engine.streets ? Object.keys(engine.options.home) : [];
    // Without the shapes of a level nobody could say in which of its units a point lies.
    this.able = engine.streets !== null && this.levels.every((key) => view.tools.shapesOf(key).length > 0);
    if (!this.able) return view._section("placed_title", make("p", "small muted", view.text("placed_never")));
    const pane = map.createPane("what-if-placed");
    pane.style.zIndex = "640";
    this.renderer = L;
    this.excluded = data.parts.filter(({ group }) => group === "feature_group_excluded").flatMap(({ shapes }) => shapes || []);
    this.button = view._button("placed_add", () => this.add());
    this.table = make("table", "floors placed");
    this.told = make("p", "small over");
    this.told.setAttribute("role", "status");
    return view._section("placed_title", make("p", "small muted", view.text("placed_hint")), make("p", "papers", this.button), this.table, this.told);
  }

  _station(slot) {
    return this.view.choice.placed.find((each) => each.slot === slot);
  }

  _name(slot) {
    return this.view.say("placed_name", { number: slot + 1 });
  }

  // The unit of each level in which a point lies.
  _homes(lon, lat) {
    const of = (key) => this.view.tools.shapesOf(key).find(({ geometry }) => holds(geometry, lon, lat));
    return Object.fromEntries(this.levels.map((key) => [key, of(key)?.properties.k.slice(key.length + 1) ?? null]));
  }

  _at(lat, lon) {
    const place = this.view.engine.streets.snapped(lon, lat);
    return place && { lon: place[0], lat: place[1], home: this._homes(place[0], place[1]) };
  }

  add() {
    const { view } = this;
    const { map } = view.tools;
    const taken = new Set(view.choice.placed.map(({ slot }) => slot));
    const slot = Array.from({ length: MOST_PLACED }, (_, i) => i).find((i) => !taken.has(i));
    const { lat, lng } = map.getCenter();
    const at = this._at(lat, lng);
    if (slot === undefined || !at) return;
    view.choose(placedAt(view.choice, { slot, land: null, cost: null, ...at }, view.engine.optionAt(slot)));
    this.sync();
    this.marks.get(slot).getElement().focus();
  }

  /** Move a station onto the way nearest to a point; tell whether that is another place. */
  move(slot, lat, lon) {
    const { view } = this;
    const held = this._station(slot);
    const at = held && this._at(lat, lon);
    if (!at || (at.lon === held.lon && at.lat === held.lat)) return false;
    view.choose(placedAt(view.choice, { ...held, ...at }, view.engine.optionAt(slot)), `placed-${slot}`);
    return true;
  }

  remove(slot) {
    this.view.choose(removed(this.view.choice, slot, this.view.engine.optionAt(slot)));
    this.sync();
    this.button.focus();
  }

  _change(slot, change) {
    const { view } = this;
    view.choose(placedAt(view.choice, { ...this._station(slot), ...change }, view.engine.optionAt(slot)));
  }

  // --- marks on the map ---

  _mark(slot) {
    const { L } = this.view.tools;
    const { make } = this.view.tools;
    const side = window.matchMedia("(pointer: coarse)").matches ? 44 : 30;
    const icon = L.divIcon({ className: "what-if-own", html: make("b", "", String(slot + 1)), iconSize: [side, side] });
    const { lat, lon } = this._station(slot);
    const mark = L.marker([lat, lon], { icon, draggable: true, keyboard: true, pane: "what-if-placed", autoPan: true, bubblingMouseEvents: false });
    mark.on("dragstart", () => { mark.dragged = true; });
    mark.on("drag", () => {
      if (mark.waiting) return;
      mark.waiting = requestAnimationFrame(() => {
        mark.waiting = 0;
        const at = mark.getLatLng();
        if (mark.dragged) this.move(slot, at.lat, at.lng);
      });
    });
    mark.on("dragend", () => {
      mark.dragged = false;
      const at = mark.getLatLng();
      this.move(slot, at.lat, at.lng);
      this._settled(slot);
    });
    mark.bindTooltip(() => this._tip(slot), { direction: "top", offset: [0, -12] });
    mark.on("add", () => {
      const element = mark.getElement();
      element.addEventListener("keydown", (event) => this._key(slot, event));
      this._label(slot, mark);
    });
    return mark;
  }

  // The next move is another step of the history.
  _settled(slot) {
    this.view.history.kind = "";
    this.sync();
    const mark = this.marks.get(slot);
    if (mark) mark.closeTooltip();
  }

  _key(slot, event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      event.stopPropagation();
      this.remove(slot);
      return;
    }
    const way = MOVES[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const { map } = this.view.tools;
    const { lat, lon } = this._station(slot);
    const from = map.latLngToContainerPoint([lat, lon]);
    for (let times = 1; times <= LONGEST; times += 1) {
      const to = map.containerPointToLatLng(from.add([way[0] * PRESS * times, way[1] * PRESS * times]));
      if (this.move(slot, to.lat, to.lng)) break;
    }
    this.sync();
  }

  _label(slot, mark) {
    const element = mark.getElement();
    if (!element) return;
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", this.view.say("placed_move", { name: this._name(slot) }));
  }

  _tip(slot) {
    const { engine, tools } = this.view;
    return tools.make("span", "", `${this._name(slot)} −${persons(engine.gain(engine.optionAt(slot)))}`);
  }

  /** Bring the marks to where the choice has the stations. */
  sync() {
    const { view } = this;
    if (!this.able) return;
    const wanted = new Set(view.choice.placed.map(({ slot }) => slot));
    for (const [slot, mark] of this.marks) {
      if (wanted.has(slot)) continue;
      view.drawing.group.removeLayer(mark);
      this.marks.delete(slot);
    }
    for (const { slot, lat, lon } of view.choice.placed) {
      if (!this.marks.has(slot)) {
        const mark = this._mark(slot);
        this.marks.set(slot, mark);
        view.drawing.group.addLayer(mark);
      }
      const mark = this.marks.get(slot);
      if (!mark.dragged) mark.setLatLng([lat, lon]);
    }
  }

  // --- the table ---

  paint() {
    if (!this.able) return;
    const { view } = this;
    const { placed } = view.choice;
    this.sync();
    const key = `${placed.map(({ slot }) => slot).join(" ")} ${document.documentElement.lang}`;
    if (this.key !== key) this._list(key);
    for (const station of placed) this._paintRow(station);
    this.button.disabled = placed.length === MOST_PLACED;
    const names = placed.filter(({ lon, lat }) => this.excluded.some(({ geometry }) => holds(geometry, lon, lat))).map(({ slot }) => this._name(slot));
    this.told.replaceChildren(...(names.length ? [view.text("placed_excluded", { names: names.join(", ") })] : []));
  }

  _list(key) {
    const { view } = this;
    const { make } = view.tools;
    this.key = key;
    this.rows.clear();
    const { placed } = view.choice;
    this.table.hidden = placed.length === 0;
    const heads = ["name", "gain", "placed_land", "placed_cost"].map((name) => {
      const head = make("th", "", view.text(name));
      head.scope = "col";
      return head;
    });
    const rows = placed.map(({ slot }) => this._row(slot));
    this.table.replaceChildren(make("thead", "", make("tr", "", ...heads, make("td"))), make("tbody", "", ...rows));
  }

  _row(slot) {
    const { view } = this;
    const { make } = view.tools;
    const name = this._name(slot);
    const link = make("button", "link", name);
    link.type = "button";
    link.addEventListener("click", () => { const { lon, lat } = this._station(slot); view.tools.goTo([lon, lat]); });
    const head = make("th", "", link);
    head.scope = "row";
    const figure = (title, does) => {
      const input = make("input");
      Object.assign(input, { type: "number", min: 0, step: "any" });
      input.setAttribute("aria-label", `${name} ${view.say(title)}`);
      input.addEventListener("change", () => does(input.value === "" || !(Number(input.value) >= 0) ? null : Number(input.value)));
      return input;
    };
    const land = figure("placed_land", (value) => this._change(slot, { land: value }));
    const cost = figure("placed_cost", (value) => this._change(slot, { cost: value === null ? null : value * TEN_THOUSAND }));
    const gain = make("td");
    const drop = view._button("drop", () => this.remove(slot));
    drop.setAttribute("aria-label", `${view.say("drop")} ${name}`);
    this.rows.set(slot, { land, cost, gain });
    return make("tr", "", head, gain, make("td", "", land), make("td", "", cost), make("td", "does", drop));
  }

  _paintRow({ slot, land, cost }) {
    const row = this.rows.get(slot);
    const { engine } = this.view;
    row.gain.textContent = `−${persons(engine.gain(engine.optionAt(slot)))}`;
    if (document.activeElement !== row.land) row.land.value = land === null ? "" : String(land);
    if (document.activeElement !== row.cost) row.cost.value = cost === null ? "" : String(cost / TEN_THOUSAND);
  }

  speak(view) {
    if (!this.able) return;
    for (let slot = 0; slot < MOST_PLACED; slot += 1) view.engine.sites.name[view.engine.firstPlaced + slot] = this._name(slot);
    for (const [slot, mark] of this.marks) this._label(slot, mark);
    this.key = "";
  }
}
return { holds, Placing };
})();
const module_proof = (() => {
const { fromBase64, inflated } = module_packing;
// Checks a plan's certificate in whole numbers without limit: what siting/locate/certificate.py proves, proved again by
// a reader's own machine. See docs/methods.md.

const MOST_BITS = 62;
const PRICE_BITS = 16n;
const MONEY_BITS = 40;
const SHARE_TOLERANCE = 1e-9;
const BUDGET_TOLERANCE = 1e-12;

/** Why a certificate proves nothing: a key of the texts, its figures, and the claim of the tree at which it fails. */
class Refuted extends Error {
  /** @param {string} code @param {Record<string, unknown>} [values] */
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = /** @type {Record<string, any>} */ (values);
  }
}

/**
 * @typedef {object} Problem sites × points as the plan's model sees them
 * @property {"mclp" | "lscp" | "p_median"} model
 * @property {Float64Array} people what each point counts
 * @property {Float64Array} persons of each point
 * @property {Uint32Array} start rows of sites
 * @property {Uint32Array} point
 * @property {Float64Array} seconds
 * @property {Uint8Array} kept sites that stay open
 * @property {Uint8Array} forced
 * @property {Uint8Array} forbidden
 * @property {Float64Array | null} costs
 * @property {boolean} byCost whether set covering minimises them
 * @property {number | null} stations
 * @property {number | null} budget
 * @property {number | null} share
 * @property {number | null} beyond seconds
 * @property {Uint8Array} counted sites that count as stations
 * @property {Float64Array | null} capacity Infinity without limit
 * @property {Int32Array | null} place
 * @property {Uint8Array | null} occupied sites whose place must have an open one
 * @property {Int32Array | null} unit -1 for none
 * @property {Int32Array | null} mostPerUnit
 * @property {Int32Array | null} apart pairs, one after the other
 * @property {{sites: number[], most: number}[]} sets
 */

/**
 * A certificate with its multipliers as whole numbers.
 * @param {any} told
 */
async function readCertificate(told) {
  try {
    const shift = small(told.shift);
    const multipliers = [];
    for (const text of told.multipliers) {
      if (text.length % 4) throw new Refuted("unreadable");
      const bytes = await inflated(fromBase64(text));
      if (bytes.length % 8) throw new Refuted("unreadable");
      const found = new BigInt64Array(bytes.slice().buffer);
      multipliers.push(Array.from(found, (each) => each << BigInt(shift)));
    }
    const bits = told.bits.map(small);
    const prices = told.prices.map((each) => BigInt(each));
    const served = told.served ? await servedOf(told.served) : null;
    return { model: told.model, bits, bound: BigInt(told.bound), multipliers, prices, tree: told.tree, served };
  } catch (error) {
    if (error instanceof Refuted) throw error;
    throw new Refuted("unreadable");
  }
}

/** Which site serves which people: site, point, persons. @param {string[]} told */
async function servedOf(told) {
  const columns = [];
  for (const text of told) columns.push((await inflated(fromBase64(text))).slice().buffer);
  const [site, point] = columns.slice(0, 2).map((each) => Array.from(new BigInt64Array(each), Number));
  const persons = Array.from(new Float64Array(columns[2]));
  if (site.length !== point.length || site.length !== persons.length) throw new Refuted("unreadable");
  return { site, point, persons };
}

function whole(found) {
  if (!Number.isSafeInteger(found)) throw new Refuted("tree");
  return found;
}

function small(found) {
  const bits = whole(found);
  if (bits < 0 || bits > MOST_BITS) throw new Refuted("large");
  return bits;
}

// A float times a power of two is exact, and so is its whole part.
const down = (value, bits) => BigInt(Math.floor(value * 2 ** bits));
const up = (value, bits) => BigInt(Math.ceil(value * 2 ** bits));
/** @param {bigint[]} values @returns {bigint} */
const sum = (values) => values.reduce((total, each) => total + each, 0n);
const positive = (value) => (value > 0n ? value : 0n);

/** Which points the kept sites reach, and the seconds from the nearest of them. @param {Problem} problem */
function alreadyOf(problem) {
  const near = new Float64Array(problem.people.length).fill(Infinity);
  problem.kept.forEach((kept, site) => {
    if (!kept) return;
    for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) {
      near[problem.point[i]] = Math.min(near[problem.point[i]], problem.seconds[i]);
    }
  });
  return near;
}

/** The most people who may be left out; a whole number where only whole persons are covered. @param {Problem} problem */
function roomOf({ people, share, capacity }) {
  const total = people.reduce((all, each) => all + each, 0);
  const room = total * (1 - share) + SHARE_TOLERANCE * total;
  if (share >= 1 && !capacity) return 0;
  return !capacity && people.every((each) => Number.isInteger(each)) ? Math.floor(room) : room;
}

/**
 * The relaxation at each set of multipliers: a constant, and a gain for each site.
 * @param {Problem} problem
 * @param {any} certificate
 */
function relaxations(problem, certificate) {
  const { multipliers, prices, bits } = certificate;
  if (prices.length !== multipliers.length || prices.some((each) => each < 0n)) throw new Refuted("prices");
  for (const each of multipliers) {
    if (each.length !== problem.people.length || each.some((value) => value < 0n)) throw new Refuted("multipliers", { count: problem.people.length });
  }
  if (certificate.model !== problem.model) throw new Refuted("other_model", { model: certificate.model });
  const { counts, pair, site, alone } = { mclp: coveringCosts, lscp: leastCosts, p_median: medianCosts }[problem.model](problem, bits);
  return multipliers.map((each, k) => {
    const paid = each.map((value, i) => (counts[i] ? value : 0n));
    const [offset, without] = alone(paid, prices[k]);
    const constant = offset - sum(paid) + sum(paid.map((value, i) => positive(value - without[i])));
    const saved = Array.from(problem.point, (point, i) => positive(paid[point] - (pair ? pair[i] : 0n)));
    const gain = gainsOf(problem, saved, bits[0]).map((value, j) => value - (site ? site[j] : 0n));
    return problem.model === "lscp" ? { constant, gain } : withinBudget(problem, { constant, gain }, prices[k]);
  });
}

/** @param {Problem} problem @param {number[]} bits */
function coveringCosts(problem, bits) {
  const near = alreadyOf(problem);
  const weight = Array.from(problem.people, (each, i) => (near[i] < Infinity ? 0n : up(each, bits[0])));
  return { counts: weight.map((each) => each > 0n), pair: null, site: null, alone: () => [sum(weight), weight] };
}

/** @param {Problem} problem @param {number[]} bits */
function leastCosts(problem, bits) {
  const near = alreadyOf(problem);
  const people = Array.from(problem.people);
  const cost = Array.from(problem.counted, (each, site) => down(problem.byCost ? problem.costs[site] : each, bits[1]));
  const weight = people.map((each) => down(each, bits[0]));
  const room = roomOf(problem);
  const alone = (paid, price) => {
    if (room <= 0) return [0n, paid];
    const most = paid.reduce((found, each) => (each > found ? each : found), 0n);
    const units = BigInt(Math.ceil(room * 2 ** bits[0])) + 1n;
    return [-((-units * price) >> PRICE_BITS), weight.map((each) => { const found = (price * each) >> PRICE_BITS; return found < most ? found : most; })];
  };
  return { counts: people.map((each, i) => near[i] === Infinity && each > 0), pair: null, site: cost, alone };
}

/** @param {Problem} problem @param {number[]} bits */
function medianCosts(problem, bits) {
  const near = alreadyOf(problem);
  const weight = Array.from(problem.people, (each) => down(each, bits[0]));
  const without = weight.map((each, i) => each * down(Math.min(near[i], problem.beyond), bits[1]));
  const pair = Array.from(problem.seconds, (each, i) => weight[problem.point[i]] * down(Math.min(each, problem.beyond), bits[1]));
  return { counts: weight.map(() => true), pair, site: null, alone: () => [0n, without] };
}

/** For each site the largest sum of the values of its pairs within its capacity. */
function gainsOf(problem, values, bits) {
  const sites = problem.start.length - 1;
  const gains = [];
  const prices = knapsackPrices(problem, values, bits);
  const persons = prices && Array.from(problem.persons, (each) => down(each, bits));
  let finer = 0;
  if (prices) {
    const most = Math.max(...problem.capacity.map((each) => (each < Infinity ? Math.ceil(each * 2 ** bits) : 0)), 0);
    const large = Math.max(...prices, 0) * Math.max(persons.reduce((found, each) => Math.max(found, Number(each)), 0), most, 1);
    finer = Math.min(Math.max(MOST_BITS - 1 - exponentOf(Math.max(large, 1)), 0), 40);
  }
  for (let site = 0; site < sites; site += 1) {
    const price = prices ? BigInt(Math.floor(prices[site] * 2 ** finer)) : 0n;
    let total = 0n;
    for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) {
      total += price ? positive(values[i] - ((price * persons[problem.point[i]]) >> BigInt(finer))) : values[i];
    }
    if (price) total -= (-price * up(problem.capacity[site], bits)) >> BigInt(finer);
    gains.push(total);
  }
  return gains;
}

/** How often a number of at least 1 can be halved until it is below 1. */
function exponentOf(value) {
  let found = 0;
  for (let left = value; left >= 1; left /= 2) found += 1;
  return found;
}

/** For each site the value of a person that finds no room there; 0 where it has room for all. */
function knapsackPrices(problem, values, bits) {
  if (!problem.capacity) return null;
  const found = [];
  for (let site = 0; site + 1 < problem.start.length; site += 1) {
    const most = problem.capacity[site] < Infinity ? Math.ceil(problem.capacity[site] * 2 ** bits) : Infinity;
    const pairs = [];
    for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) {
      const persons = Number(down(problem.persons[problem.point[i]], bits));
      pairs.push([Number(values[i]) / Math.max(persons, 1), persons]);
    }
    pairs.sort((one, other) => other[0] - one[0]);
    let used = 0;
    const last = pairs.find(([, persons]) => { used += persons; return used > most; });
    found.push(last ? last[0] : 0);
  }
  return found;
}

/** A relaxation with a price of money; unchanged without a budget. */
function withinBudget(problem, { constant, gain }, price) {
  if (problem.budget === null || !problem.costs) return { constant, gain };
  const bits = Math.max(MONEY_BITS - exponentOf(Math.max(problem.costs.reduce((all, each) => all + each, 0), 1)), 0);
  const room = BigInt(Math.ceil(mostMoney(problem) * 2 ** bits));
  return {
    constant: constant - ((-room * price) >> PRICE_BITS),
    gain: gain.map((each, site) => each - ((price * down(problem.costs[site], bits)) >> PRICE_BITS)),
  };
}

const mostMoney = (problem) => problem.budget * (1 + BUDGET_TOLERANCE);

/** The rules on sites that bounds heed. */
class SiteLimits {
  /** @param {Problem} problem */
  constructor(problem) {
    const covers = problem.model === "lscp";
    const sites = problem.start.length - 1;
    this.problem = problem;
    this.most = problem.stations === null || covers ? sites : problem.stations;
    this.costs = covers || problem.budget === null ? null : problem.costs;
    this.cell = problem.place && Array.from(problem.place, (each, site) => `${each},${problem.unit ? problem.unit[site] : -1},${problem.counted[site]}`);
    this.near = problem.apart && Array.from({ length: sites }, () => /** @type {number[]} */ ([]));
    for (let i = 0; problem.apart && i < problem.apart.length; i += 2) {
      const [one, other] = [problem.apart[i], problem.apart[i + 1]];
      if (one === other) continue;
      this.near[one].push(other);
      this.near[other].push(one);
    }
    this.required = [];
    if (problem.occupied) {
      const kept = new Set(Array.from(this.placeOf()).filter((_, site) => problem.kept[site]));
      const wanted = new Set(Array.from(this.placeOf()).filter((each, site) => problem.occupied[site] && !kept.has(each)));
      for (const each of wanted) this.required.push(this.sitesWhere((site) => this.placeOf()[site] === each && !problem.kept[site]));
    }
  }

  placeOf() {
    return this.problem.place ?? Int32Array.from(this.problem.kept, (_, site) => site);
  }

  sitesWhere(is) {
    return Array.from(this.problem.kept, (_, site) => site).filter(is);
  }

  /** Which of the free sites may be open beside a site and the open ones, and are another one. */
  beside(opened, free, site) {
    const { place, sets } = this.problem;
    const less = free.slice();
    less[site] = 0;
    if (place) less.forEach((_, each) => { if (place[each] === place[site]) less[each] = 0; });
    if (this.near) for (const each of this.near[site]) less[each] = 0;
    for (const { sites, most } of sets) {
      if (!sites.includes(site)) continue;
      if (sites.filter((each) => opened[each]).length + (opened[site] ? 0 : 1) >= most) for (const each of sites) less[each] = 0;
    }
    return less;
  }

  /** How many counted sites are open in each unit. */
  used(opened) {
    const found = new Array(this.problem.mostPerUnit.length).fill(0);
    opened.forEach((open, site) => { if (open && this.problem.counted[site] && this.problem.unit[site] >= 0) found[this.problem.unit[site]] += 1; });
    return found;
  }

  /** Whether the open sites break a rule whatever free sites are added. */
  broken(opened, free) {
    const { place, sets, unit, mostPerUnit } = this.problem;
    const open = this.sitesWhere((site) => opened[site]);
    if (sets.some(({ sites, most }) => sites.filter((site) => opened[site]).length > most)) return true;
    if (this.required.some((sites) => !sites.some((site) => opened[site] || free[site]))) return true;
    if (place && new Set(open.map((site) => place[site])).size < open.length) return true;
    if (this.near && open.some((site) => this.near[site].some((each) => opened[each]))) return true;
    return Boolean(unit && mostPerUnit) && this.used(opened).some((each, at) => each > mostPerUnit[at]);
  }

  /** Which of the free sites cost no more than is left; null if the open ones cost too much. */
  affordable(opened, free) {
    if (!this.costs) return free;
    const left = mostMoney(this.problem) * (1 + BUDGET_TOLERANCE) - this.costs.reduce((all, each, site) => all + (opened[site] ? each : 0), 0);
    return left < 0 ? null : free.map((each, site) => (each && this.costs[site] <= left ? 1 : 0));
  }

  /** Free sites whose gains add up to at least those of any free sites that may be open together. */
  largest(gain, free, left, opened) {
    const { counted, unit, mostPerUnit } = this.problem;
    const order = this.sitesWhere((site) => free[site] && gain[site] > 0n);
    order.sort((one, other) => (gain[one] < gain[other] ? 1 : gain[one] > gain[other] ? -1 : one - other));
    const cells = new Set();
    const used = unit && mostPerUnit ? this.used(opened) : null;
    let rest = left;
    return order.filter((site) => {
      if (this.cell) {
        if (cells.has(this.cell[site])) return false;
        cells.add(this.cell[site]);
      }
      if (!counted[site]) return true;
      if (used && unit[site] >= 0) {
        if (used[unit[site]] >= mostPerUnit[unit[site]]) return false;
        used[unit[site]] += 1;
      }
      rest -= 1;
      return rest >= 0;
    });
  }
}

/** The bound where some sites are open and only free ones may be added; null where the open ones break a rule. */
function boundOf({ constant, gain }, opened, free, limits) {
  const added = limits.affordable(opened, free.map((each, site) => (each && !opened[site] ? 1 : 0)));
  let left = limits.most;
  let total = constant;
  opened.forEach((open, site) => {
    if (!open) return;
    left -= limits.problem.counted[site];
    total += gain[site];
  });
  if (left < 0 || !added || limits.broken(opened, added)) return null;
  return total + sum(limits.largest(gain, added, left, opened).map((site) => gain[site]));
}

/** The sites that are open at the root of the tree, and those that are free there. @param {Problem} problem */
function rootOf(problem, limits) {
  const sites = problem.start.length - 1;
  const opened = Uint8Array.from(problem.forced, (each, site) => (each && !problem.kept[site] ? 1 : 0));
  let free = new Uint8Array(sites);
  for (let site = 0; site < sites; site += 1) free[site] = problem.kept[site] || problem.forbidden[site] || opened[site] ? 0 : 1;
  for (let site = 0; site < sites; site += 1) if (opened[site] || problem.kept[site]) free = limits.beside(opened, free, site);
  return [opened, free];
}

/** What the tree claims to be bounded, one after the other: a set of multipliers, the open sites, the free ones. */
function* claimsOf(problem, certificate, limits) {
  const sites = problem.start.length - 1;
  const [opened, free] = rootOf(problem, limits);
  const at = (found, among) => {
    const site = whole(found);
    if (site < 0 || site >= sites || !among[site]) throw new Refuted("tree");
    return site;
  };
  const turned = (held, site, value) => {
    const next = held.slice();
    next[site] = value;
    return next;
  };
  const listed = (found) => {
    if (!Array.isArray(found)) throw new Refuted("tree");
    return found;
  };
  const waiting = [[certificate.tree, opened, free]];
  while (waiting.length) {
    const [node, open, left] = waiting.pop();
    if (node === null || typeof node !== "object" || Array.isArray(node)) throw new Refuted("tree");
    if ("site" in node) {
      const site = at(node.site, left);
      waiting.push([node.open, turned(open, site, 1), limits.beside(open, left, site)], [node.closed, open, turned(left, site, 0)]);
    } else if (!("then" in node)) yield [whole(node.by), open, left];
    else {
      const by = whole(node.by);
      const shut = listed(node.shut);
      const must = listed(node.open);
      for (const each of shut) yield [by, turned(open, at(each, left), 1), left];
      for (const each of must) yield [by, open, turned(left, at(each, left), 0)];
      let rest = left;
      let more = open;
      for (const each of [...shut, ...must]) rest = turned(rest, at(each, rest), 0);
      for (const each of must) {
        rest = limits.beside(more, rest, each);
        more = turned(more, each, 1);
      }
      waiting.push([node.then, more, rest]);
    }
  }
}

/**
 * Check that no choice is better than the bound of a certificate.
 * @param {Problem} problem
 * @param {any} certificate of {@link readCertificate}
 * @returns {{bound: number, claims: number}} in people, sites, money or person-seconds, and how many claims were checked
 */
function check(problem, certificate) {
  const relaxed = relaxations(problem, certificate);
  const limits = new SiteLimits(problem);
  const sign = problem.model === "mclp" ? 1n : -1n;
  const claim = sign * certificate.bound;
  const [people, other] = certificate.bits;
  const unit = 2 ** { mclp: people, lscp: other, p_median: people + other }[problem.model];
  let claims = 0;
  for (const [by, opened, free] of claimsOf(problem, certificate, limits)) {
    claims += 1;
    if (by < 0 || by >= relaxed.length) throw new Refuted("no_set", { number: by, claim: claims });
    const found = boundOf(relaxed[by], opened, free, limits);
    if (found !== null && found > claim) {
      throw new Refuted("weak", { proved: Number(sign * found) / unit, claimed: Number(certificate.bound) / unit, claim: claims });
    }
  }
  if (problem.model === "lscp") return { bound: nextSum(problem, certificate), claims };
  const bound = Number(certificate.bound) / unit;
  return { bound: problem.model === "mclp" && countsWhole(problem) ? Math.floor(bound) : bound, claims };
}

/** Whether every choice covers a whole number: also with capacities, since flows of whole numbers are whole. */
function countsWhole({ people, persons, capacity }) {
  const isWhole = (each) => Number.isInteger(each) || each === Infinity;
  if (!people.every(isWhole)) return false;
  return !capacity || (capacity.every(isWhole) && (!capacity.some((each) => each < Infinity) || people.every((each, i) => each === persons[i])));
}

/**
 * The least possible sum of whole costs that is not below the bound.
 * @param {Problem} problem
 * @param {{bound: bigint, bits: number[]}} certificate
 */
function nextSum(problem, certificate) {
  const bits = BigInt(certificate.bits[1]);
  const costs = problem.byCost ? Array.from(problem.costs) : Array.from(problem.counted);
  if (!costs.every((each) => Number.isInteger(each))) return Number(certificate.bound) / 2 ** certificate.bits[1];
  const divisor = (one, other) => (other ? divisor(other, one % other) : one);
  const step = BigInt(Math.max(1, costs.reduce(divisor, 0)));
  const unit = step << bits;
  const times = certificate.bound <= 0n ? -(-certificate.bound / unit) : (certificate.bound + unit - 1n) / unit;
  return Number(times * step);
}

/**
 * The objective of the plan's own sites, from the problem and Which site serves which people.
 * @param {Problem} problem
 * @param {number[]} chosen
 * @param {{site: number[], point: number[], persons: number[]} | null} served
 */
function valueOf(problem, chosen, served = null) {
  if (!keepsRules(problem, chosen)) throw new Refuted("breaks_rules");
  const without = alreadyOf(problem);
  const near = without.slice();
  const each = Array.from(problem.people);
  for (const site of chosen) {
    for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) near[problem.point[i]] = Math.min(near[problem.point[i]], problem.seconds[i]);
  }
  const walked = problem.capacity ? servedParts(problem, chosen, served) : null;
  const part = walked ? walked.part : Array.from(near, (seconds) => (seconds < Infinity ? 1 : 0));
  const total = (of) => each.reduce((all, people, i) => all + of(people, i), 0);
  if (problem.model === "mclp") return total((people, i) => (without[i] === Infinity ? people * part[i] : 0));
  if (problem.model === "lscp") {
    if (total((people, i) => people * (1 - part[i])) > roomOf(problem)) throw new Refuted("misses_share");
    return chosen.reduce((all, site) => all + (problem.byCost ? problem.costs[site] : problem.counted[site]), 0);
  }
  if (!walked) return total((people, i) => people * Math.min(near[i], problem.beyond));
  return walked.seconds + problem.beyond * total((people, i) => people * Math.max(1 - part[i], 0));
}

/** Whether a choice keeps every rule on sites. @param {Problem} problem @param {number[]} chosen */
function keepsRules(problem, chosen) {
  const { kept, forbidden, forced, counted, stations, budget, costs, occupied, apart, unit, mostPerUnit, sets } = problem;
  const open = new Set(chosen);
  kept.forEach((each, site) => { if (each) open.add(site); });
  const place = problem.place ?? Int32Array.from(kept, (_, site) => site);
  const taken = new Set(Array.from(place).filter((_, site) => kept[site]));
  const own = new Set(chosen.map((site) => place[site]));
  const keeps = [chosen.every((site) => !kept[site] && !forbidden[site]), new Set(chosen).size === chosen.length];
  keeps.push(own.size === chosen.length, !chosen.some((site) => taken.has(place[site])));
  keeps.push(Array.from(forced).every((each, site) => !each || open.has(site)));
  keeps.push(stations === null || chosen.filter((site) => counted[site]).length <= stations);
  if (budget !== null && costs) keeps.push(chosen.reduce((all, site) => all + costs[site], 0) <= mostMoney(problem));
  if (occupied) keeps.push(Array.from(occupied).every((each, site) => !each || own.has(place[site]) || taken.has(place[site])));
  for (let i = 0; apart && i < apart.length; i += 2) {
    const [one, other] = [apart[i], apart[i + 1]];
    keeps.push(one === other || !open.has(one) || !open.has(other) || Boolean(kept[one] && kept[other]));
  }
  if (unit && mostPerUnit) mostPerUnit.forEach((most, at) => keeps.push(chosen.filter((site) => counted[site] && unit[site] === at).length <= most));
  for (const { sites, most } of sets) keeps.push(sites.filter((site) => chosen.includes(site)).length <= most);
  return keeps.every(Boolean);
}

/** The part of each point that is served, and the seconds of those who are; what the sites cannot do is refused. */
function servedParts(problem, chosen, served) {
  const points = problem.people.length;
  const sites = problem.start.length - 1;
  if (!served) throw new Refuted("served");
  const open = new Set([...chosen, ...Array.from(problem.kept, (each, site) => (each ? site : -1))]);
  const [ofPoint, ofSite] = [new Float64Array(points), new Float64Array(sites)];
  let seconds = 0;
  served.site.forEach((site, at) => {
    const [point, persons] = [served.point[at], served.persons[at]];
    const inside = site >= 0 && site < sites && point >= 0 && point < points && open.has(site);
    if (!inside || !(persons >= 0 && persons < Infinity)) throw new Refuted("served");
    let pair = problem.start[site];
    while (pair < problem.start[site + 1] && problem.point[pair] !== point) pair += 1;
    if (pair === problem.start[site + 1]) throw new Refuted("served");
    ofPoint[point] += persons;
    ofSite[site] += persons;
    if (problem.beyond !== null && persons > 0) {
      seconds += ((problem.people[point] * persons) / problem.persons[point]) * Math.min(problem.seconds[pair], problem.beyond);
    }
  });
  const more = 1 + SHARE_TOLERANCE;
  if (!ofPoint.every((each, i) => each <= problem.persons[i] * more)) throw new Refuted("served");
  if (!ofSite.every((each, i) => each <= problem.capacity[i] * more)) throw new Refuted("served");
  return { part: Array.from(ofPoint, (each, i) => each / (problem.persons[i] > 0 ? problem.persons[i] : 1)), seconds };
}
return { Refuted, readCertificate, check, valueOf };
})();
const module_proving = (() => {
const { number, percent } = module_numbers;
const { arraysOf, bytesOf, climbed, inflated, startsOf } = module_packing;
const { check, readCertificate, Refuted, valueOf } = module_proof;
// The proof of the plan, made again on the reader's machine: nothing of what found the plan is used.

// A certificate rounds people, times and costs; figures of a plan's file are rounded to a millionth.
const ROUNDED = 1e-7;
const WRITTEN = 1e-6;
// The models whose certificates this page checks.
const MODELS = ["mclp", "lscp", "p_median"];
// Weights of several groups may have been added in another order.
const SAME = 1e-12;

/**
 * The problem of the page's data.
 * @param {any} told
 * @returns {Promise<import("./proof.mjs").Problem>}
 */
async function problemOf(told) {
  const arrays = arraysOf(told.packed.arrays, await inflated(bytesOf(told.packed.bytes)));
  const start = startsOf(arrays.count);
  return {
    model: told.model,
    people: arrays.people,
    start,
    point: climbed(arrays.point, start),
    seconds: arrays.seconds,
    kept: arrays.kept,
    forced: arrays.forced,
    forbidden: arrays.forbidden,
    persons: arrays.persons ?? arrays.people,
    costs: arrays.costs ?? null,
    byCost: told.by_cost,
    stations: told.stations,
    budget: told.budget,
    share: told.share,
    beyond: told.beyond_s,
    counted: arrays.counted,
    capacity: arrays.capacity ?? null,
    place: arrays.place ?? null,
    occupied: arrays.occupied ?? null,
    unit: arrays.unit ?? null,
    mostPerUnit: arrays.most_per_unit ?? null,
    apart: arrays.apart ?? null,
    sets: told.sets,
  };
}

/** Whether the covering problem is made of the people and walks with which the page measures. */
function sameData(engine, told, problem) {
  if (told.model === "p_median") return true;
  const weights = engine.groups.map(({ name }) => told.weights[name] ?? 1);
  if (Object.keys(told.weights).some((name) => !engine.groups.some((group) => group.name === name))) return false;
  const value = engine.valueOf(weights);
  const lived = [];
  engine.people.forEach((people, cell) => { if (people * engine.inside[cell] > 0) lived.push(cell); });
  if (lived.length !== problem.people.length) return false;
  if (!lived.every((cell, point) => Math.abs(value[cell] - problem.people[point]) <= SAME * value[cell])) return false;
  const { start, cell, step } = engine.reach;
  const point = new Map(lived.map((each, i) => [each, i]));
  return told.sites.every((id, row) => {
    if (id === null) return true;
    const site = engine.siteOf.get(`candidate/${id}`);
    if (site === undefined) return false;
    const ours = [];
    for (let i = start[site]; i < start[site + 1]; i += 1) {
      if (step[i] <= engine.data.own && point.has(cell[i])) ours.push(point.get(cell[i]));
    }
    const theirs = problem.point.subarray(problem.start[row], problem.start[row + 1]);
    return ours.length === theirs.length && ours.every((each, i) => each === theirs[i]);
  });
}

/**
 * Check the certificate, and what the plan's file says of itself.
 * @param {import("./engine.mjs").Engine} engine
 * @param {any} told
 */
async function verify(engine, told) {
  const problem = await problemOf(told);
  if (!sameData(engine, told, problem)) throw new Refuted("other_scenario");
  const certificate = await readCertificate(told.certificate);
  const proved = check(problem, certificate);
  // People that facilities that may change cover today are not newly covered.
  const today = problem.model === "mclp" ? told.today : 0;
  const bound = proved.bound - today;
  const value = valueOf(problem, told.chosen, certificate.served) - today;
  if (!(Math.abs(told.objective - value) <= WRITTEN * Math.max(Math.abs(value), 1))) throw new Refuted("other_objective", { claimed: told.objective, found: value });
  const gap = problem.model === "mclp" ? bound - value : value - bound;
  return { value, bound, claims: proved.claims, optimal: gap <= ROUNDED * Math.abs(value), gap: value ? Math.max(0, gap) / Math.abs(value) : 0 };
}

/** The section of the panel. */
class Proving {
  /** @param {any} told the plan's certificate and its problem */
  constructor(told) {
    this.told = told;
    this.after = "settings";
  }

  build(view) {
    const { make } = view.tools;
    if (!MODELS.includes(this.told.model)) return view._section("verify_title", make("p", "small muted", view.text("verify_elsewhere")));
    this.status = make("p", "small");
    this.status.setAttribute("role", "status");
    this.run = view._button("verify", () => this.start(view));
    return view._section("verify_title", make("p", "small muted", view.text("verify_hint")), make("p", "papers", this.run), this.status);
  }

  async start(view) {
    this.run.disabled = true;
    this.status.replaceChildren(view.text("verify_running"));
    // The text is painted before the work begins.
    await new Promise((done) => setTimeout(done, 30));
    try {
      const { value, bound, claims, optimal, gap } = await verify(view.engine, this.told);
      const unit = (figure) => this._figure(view, figure);
      this.status.className = "small proved";
      this.status.replaceChildren(view.text(optimal ? "verify_optimal" : "verify_bound", { value: unit(value), bound: unit(bound), claims: number(claims), gap: percent(gap, 3) }));
    } catch (error) {
      // What this page cannot even read proves nothing here.
      const { code, values } = error instanceof Refuted ? error : new Refuted("unreadable");
      this.status.className = "small over";
      const why = view.tools.refuted[code] || { zh: code, en: code };
      const told = (lang) => why[lang].replace(/\{(\w+)\}/g, (_, key) => { const found = values[key]; return typeof found === "number" ? number(found, Number.isInteger(found) ? 0 : 3) : String(found ?? ""); });
      const { claim } = values;
      this.status.replaceChildren(view.text(claim === undefined ? "verify_fails" : "verify_fails_at", { why: { zh: told("zh"), en: told("en") }, claim: number(claim ?? 0) }));
    } finally {
      this.run.disabled = false;
    }
  }

  _figure(view, figure) {
    const { model, by_cost: byCost } = this.told;
    const scale = model === "p_median" ? 60 : 1;
    const key = model === "mclp" ? "covered" : model === "lscp" ? (byCost ? "cost" : "stations") : "seconds";
    const told = number(figure / scale, model === "p_median" ? 1 : 0);
    const pair = view.tools.units[key];
    return { zh: pair.zh.replace("{value}", told), en: pair.en.replace("{value}", told) };
  }
}
return { problemOf, sameData, verify, Proving };
})();
const module_plan = (() => {
// A choice as files: a plan's GeoJSON, which `siting check --with` reads, and tables for a spreadsheet.

/** @typedef {import("./engine.mjs").Engine} Engine */
/** @typedef {import("./state.mjs").Choice} Choice */

// Figures are written with six decimals, as the library writes them.
const rounded = (value) => (value === null || !Number.isFinite(value) ? null : Number(value.toFixed(6)));

/**
 * New stations, the one that adds most people first, and what each adds to those before it; `base` are those covered
 * without new stations, `value` all with the weights of groups.
 * @param {Engine} engine
 * @param {Choice} choice
 */
function ranked(engine, choice) {
  const { options } = engine;
  const isNew = (option) => engine.isNew(options.site[option]);
  const before = engine.opened();
  const waiting = choice.open.filter(isNew);
  engine.set(choice.open.filter((option) => !isNew(option)), choice.minutes);
  const base = engine.coveredWhole / engine.unit;
  const found = [];
  while (waiting.length) {
    let best = 0;
    let most = -1;
    waiting.forEach((option, i) => {
      const gain = engine.gain(option);
      if (gain > most) [best, most] = [i, gain];
    });
    const [option] = waiting.splice(best, 1);
    engine.turn(option, true);
    found.push({ option, gain: most });
  }
  const value = engine.coveredValue / engine.valueUnit;
  engine.set(before, choice.minutes);
  return { base, value, stations: found };
}

/**
 * How many people the facilities of today cover within the minutes of a choice, and how many with the weights of groups.
 * @param {Engine} engine
 * @param {Choice} choice
 */
function coveredToday(engine, choice) {
  const before = engine.opened();
  engine.set(engine.data.today, choice.minutes);
  const found = { persons: engine.coveredWhole / engine.unit, value: engine.coveredValue / engine.valueUnit };
  engine.set(before, choice.minutes);
  return found;
}

/**
 * @param {Engine} engine
 * @param {Choice} choice
 * @param {{covered?: number, status?: string, solver?: string, stoppedBy?: string}} [proof] of the solver of the page: how
 *   many elderly (weighted, where groups have weights) any choice can cover
 */
function planOf(engine, choice, proof = {}) {
  const { sites, options, data } = engine;
  const { base, value, stations } = ranked(engine, choice);
  const enlarged = choice.open.filter((option) => engine.isEnlarged(option));
  const idOf = (option) => sites.id[options.site[option]];
  const closed = engine.closedOf(choice).map(idOf);
  const closable = engine.closedOf(choice).filter((option) => options.counts[option]).map(idOf);
  const total = data.whole.elderly;
  // What the plan's model maximises: persons, or weighted persons.
  // Closing a facility loses what it covers.
  const today = coveredToday(engine, choice);
  const gained = engine.weighted ? value - today.value : base - today.persons + stations.reduce((sum, { gain }) => sum + gain, 0);
  let sum = 0;
  const features = stations.map(({ option, gain }, i) => {
    const site = options.site[option];
    sum += gain;
    const id = `new-${sites.id[site]}`;
    const own = sites.kind[site] === "placed";
    const properties = {
      id,
      rank: i + 1,
      // A station at any point names no candidate, but the units in which it counts.
      candidate_id: own ? null : sites.id[site],
      ...(own ? homesOf(engine, site) : {}),
      tier: options.tier[option],
      kind: sites.premises[site],
      size: options.size[option],
      tenure: sites.tenure[site],
      elderly_new: rounded(gain),
      elderly_cumulative: rounded(sum),
      elderly_served: null,
      covered_share_after: total > 0 ? rounded((base + sum) / total) : null,
      land_m2: rounded(options.land_m2[option]),
      floor_area_m2: rounded(options.floor_area_m2[option]),
      beds: rounded(options.beds[option]),
      cost_cny: rounded(options.cost_cny[option]),
      subsidy_cny: rounded(options.subsidy_cny[option]),
      subsidy_conditional_cny: rounded(options.subsidy_conditional_cny[option]),
      generated: sites.generated.includes(site),
    };
    return { type: "Feature", id, properties, geometry: { type: "Point", coordinates: sites.lon_lat[site] } };
  });
  // Without a solver: nobody beyond those uncovered today can be newly covered.
  const everybody = engine.weighted ? engine.value.reduce((all, each) => all + each, 0) / engine.valueUnit : data.whole.elderly;
  const bound = rounded(Math.max(gained, (proof.covered ?? everybody) - today.value));
  const request = { model: "mclp", ...limitsOf(choice, proof, stations.length, closable), ...fixedOf(engine, choice, proof), ...enlargedOf(engine, enlarged), ...weightsOf(engine) };
  return {
    type: "FeatureCollection",
    result: "plan",
    ...data.facts,
    request,
    status: proof.status ?? "feasible",
    objective: rounded(gained),
    bound,
    optimality_gap: gained > 0 ? rounded(Math.abs(bound - gained) / gained) : bound > 0 ? null : 0,
    first_objective: rounded(gained),
    stages: [{ name: "covered", sense: "max", objective: rounded(gained), bound }],
    stage_clauses: [],
    stopped_by: proof.stoppedBy ?? "interrupt",
    solver: proof.solver ?? "page",
    proof: "solver",
    certificate: null,
    excluded: [],
    changes: [
      ...closed.map((id) => ({ id, action: "close", size: null, tier: null, land_m2: null, floor_area_m2: null, beds: null, cost_cny: 0 })),
      ...enlarged.map((option) => changeOf(engine, option)),
    ],
    minutes: data.minutes[choice.minutes],
    features,
  };
}

// The name and the units of a station of the reader's own, as its columns in a plan's file.
function homesOf(engine, site) {
  const { home } = engine.placed[site - engine.firstPlaced];
  return { name: engine.sites.name[site], ...Object.fromEntries(Object.entries(home).map(([key, id]) => [`${key}_id`, id])) };
}

// The limits within which the choice was made: those of the solver, or the choice's own number of stations.
function limitsOf(choice, proof, count, closed) {
  const solved = proof.covered !== undefined;
  const closable = closed.length ? { closable: closed } : {};
  // Facilities can be closed only where the number of stations is limited.
  const stations = solved && choice.stations !== null ? choice.stations : solved && choice.budget !== null && !closed.length ? undefined : count;
  const budget = solved && choice.budget !== null ? { budget_cny: choice.budget } : {};
  return { ...(stations === undefined ? {} : { stations }), ...budget, ...closable };
}

// A facility in a larger size, as the changes of a plan's file have it.
function changeOf({ sites, options }, option) {
  const figures = Object.fromEntries(["land_m2", "floor_area_m2", "beds", "cost_cny"].map((key) => [key, rounded(options[key][option])]));
  return { id: sites.id[options.site[option]], action: "enlarge", size: options.size[option], tier: options.tier[option], ...figures };
}

const enlargedOf = ({ sites, options }, enlarged) => (enlarged.length ? { upgradable: enlarged.map((option) => sites.id[options.site[option]]) } : {});

// The weights of groups, also where they are all one: the scenario may state others.
function weightsOf({ data, weights }) {
  if (!data.groups.length) return {};
  return { weights: Object.fromEntries(data.groups.map(({ name }, i) => [name, weights[i]]).filter(([, weight]) => weight !== 1)) };
}

// What the solver was not free to decide.
function fixedOf(engine, choice, proof) {
  if (proof.covered === undefined) return {};
  const { sites, optionsOf, open } = engine;
  const pinned = choice.pinned.filter((site) => sites.kind[site] === "candidate");
  const isOpen = (site) => optionsOf[site].some((option) => open[option]);
  const forced = pinned.filter(isOpen).map((site) => sites.id[site]);
  const forbidden = pinned.filter((site) => !isOpen(site)).map((site) => sites.id[site]);
  return { ...(forced.length ? { forced } : {}), ...(forbidden.length ? { forbidden } : {}) };
}

/**
 * A table for a spreadsheet. A text that a spreadsheet would take for a formula begins with an apostrophe.
 * @param {(string | number | null)[][]} rows
 */
function csvOf(rows) {
  const cell = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
return { ranked, coveredToday, planOf, csvOf };
})();
const module_solver = (() => {
// Which sites to open: the choice as a program for HiGHS, and what its answer means. The solver runs in a worker.

/** @typedef {import("./engine.mjs").Engine} Engine */
/** @typedef {import("./state.mjs").Choice} Choice */

/**
 * The sites that may be opened, and the people that they can still reach.
 * @param {Engine} engine that holds the choice
 * @param {Choice} choice
 */
function askedOf(engine, choice) {
  const { sites, options, optionsOf } = engine;
  const pinned = new Set(choice.pinned);
  const isFree = (site) => sites.kind[site] === "candidate" && !pinned.has(site);
  const kept = choice.open.filter((option) => !isFree(options.site[option]));
  const near = new Uint8Array(engine.cells.length);
  const within = (site, does) => {
    const { cell, step, from, to } = engine.row(site);
    for (let i = from; i < to; i += 1) if (step[i] <= choice.minutes) does(cell[i]);
  };
  for (const option of kept) if (options.counts[option]) within(options.site[option], (cell) => { near[cell] = 1; });
  const free = [];
  sites.id.forEach((_, site) => {
    if (!isFree(site)) return;
    // Of several sizes the cheapest: all reach the same people.
    const [option] = optionsOf[site].filter((each) => options.counts[each]).sort((one, other) => cost(engine, one) - cost(engine, other) || one - other);
    if (option !== undefined) free.push(option);
  });
  // Cells that the same sites reach are one group.
  const reached = new Map();
  free.forEach((option, i) => within(options.site[option], (cell) => {
    if (near[cell] || !(engine.value[cell] > 0)) return;
    if (!reached.has(cell)) reached.set(cell, []);
    reached.get(cell).push(i);
  }));
  const groups = new Map();
  for (const [cell, found] of reached) {
    const key = found.join(" ");
    if (!groups.has(key)) groups.set(key, { sites: found, people: 0 });
    groups.get(key).people += engine.value[cell];
  }
  let covered = 0;
  for (let cell = 0; cell < near.length; cell += 1) if (near[cell]) covered += engine.value[cell];
  return { kept, free, groups: [...groups.values()], covered };
}

const cost = (engine, option) => {
  const found = engine.options.cost_cny[option];
  return Number.isNaN(found) ? Infinity : found;
};

/**
 * A program in the form of HiGHS: one column for each site that may be opened, then one for each group of people.
 * @param {Engine} engine
 * @param {Choice} choice
 * @param {"most" | "fewest"} goal most people within the numbers of stations and money, or fewest stations for the share
 */
function programOf(engine, choice, goal) {
  const asked = askedOf(engine, choice);
  const { kept, free, groups, covered } = asked;
  const { options, valueUnit: unit } = engine;
  const opened = kept.filter((option) => engine.isNew(options.site[option]));
  const columns = free.length + groups.length;
  const start = [0];
  const index = [];
  const value = [];
  const low = [];
  const high = [];
  const row = (entries, least, most) => {
    for (const [column, factor] of entries) {
      index.push(column);
      value.push(factor);
    }
    start.push(index.length);
    low.push(least);
    high.push(most);
  };
  groups.forEach((group, i) => row([[free.length + i, -1], ...group.sites.map((site) => [site, 1])], 0, Infinity));
  const people = groups.map((group) => group.people / unit);
  const upper = new Float64Array(columns).fill(1);
  let refused = null;
  if (goal === "most") {
    if (choice.stations !== null) {
      const left = engine.mostNew(choice) - opened.length;
      if (left < 0) refused = "stations";
      row(free.map((_, i) => [i, 1]), 0, Math.max(0, left));
    }
    if (choice.budget !== null) {
      const paid = kept.filter((option) => engine.isNew(options.site[option]) || engine.isEnlarged(option));
      const spent = paid.reduce((sum, option) => sum + cost(engine, option), 0);
      if (!(spent <= choice.budget)) refused = "budget";
      free.forEach((option, i) => { if (cost(engine, option) === Infinity) upper[i] = 0; });
      row(free.map((option, i) => [i, Number.isFinite(cost(engine, option)) ? cost(engine, option) : 0]), 0, Math.max(0, choice.budget - spent));
    }
    if (choice.stations === null && choice.budget === null) refused = "limit";
  } else {
    // Where groups have weights, a share of the weighted people, as a plan of the library has it.
    const everybody = engine.weighted ? engine.value.reduce((sum, each) => sum + each, 0) / unit : engine.data.whole.elderly;
    const wanted = choice.pass * everybody - covered / unit;
    const most = people.reduce((sum, each) => sum + each, 0);
    if (wanted > most + 1e-6) refused = "share";
    row(people.map((each, i) => [free.length + i, each]), wanted, Infinity);
  }
  const objective = new Float64Array(columns);
  if (goal === "most") objective.set(people, free.length);
  else objective.fill(1, 0, free.length);
  return {
    refused,
    asked,
    opened,
    model: {
      sense: goal === "most" ? "max" : "min",
      columns,
      integers: free.length,
      objective,
      upper,
      start: Int32Array.from(start),
      index: Int32Array.from(index),
      value: Float64Array.from(value),
      low: Float64Array.from(low),
      high: Float64Array.from(high),
    },
  };
}
return { askedOf, programOf };
})();
const module_solving = (() => {
const { number, percent, persons } = module_numbers;
const { bytesOf, inflated, textOf } = module_packing;
const { coveredToday } = module_plan;
const { programOf } = module_solver;
const { changed } = module_state;
// Solving in the page: HiGHS as WebAssembly in a worker of its own, so that nothing is fetched and nothing stops meanwhile.

const SECONDS = 120;
// Nearer than this, objective and bound are the same (as in the library).
const SAME = 1e-9;

// What the worker does with each program. It is told as text: it must not use anything outside of itself.
function work() {
  // @ts-expect-error the solver's script stands before this one in the worker
  const load = Module;
  let loaded = null;
  self.onmessage = async ({ data }) => {
    try {
      loaded = loaded || new Promise((done, failed) => {
        const instantiateWasm = (imports, use) => {
          WebAssembly.instantiate(data.wasm, imports).then(({ instance }) => use(instance), failed);
          return {};
        };
        load({ instantiateWasm }).then(done, failed);
      });
      const highs = /** @type {any} */ (await loaded);
      const { sense, columns, integers, objective, upper, start, index, value, low, high, seconds } = data.program;
      const { minimize, maximize } = highs.constants.objectiveSense;
      const integrality = new Int32Array(columns);
      integrality.fill(1, 0, integers);
      const answer = highs.withModel(
        {
          numCols: columns,
          numRows: low.length,
          sense: sense === "max" ? maximize : minimize,
          colCost: objective,
          colLower: new Float64Array(columns),
          colUpper: upper,
          rowLower: low,
          rowUpper: high,
          matrix: { format: "csr", numRows: low.length, numCols: columns, starts: start, indices: index, values: value },
          integrality,
        },
        (model) => {
          model.options.set({ output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-6, time_limit: seconds });
          model.run();
          const status = model.getModelStatus();
          const states = highs.constants.modelStatus;
          const found = model.info.get("primal_solution_status") === highs.constants.solutionStatus.feasible;
          return {
            optimal: status === states.optimal,
            infeasible: status === states.infeasible,
            values: found ? model.getSolution().colValue.slice(0, integers) : null,
            objective: found ? model.getObjectiveValue() : null,
            bound: model.info.get("mip_dual_bound"),
          };
        },
      );
      self.postMessage({ answer });
    } catch (error) {
      self.postMessage({ error: String((error && error.message) || error) });
    }
  };
}

/**
 * The options that an answer opens, and how good they can be at most.
 * @param {import("./engine.mjs").Engine} engine
 * @param {ReturnType<typeof programOf>} program
 * @param {"most" | "fewest"} goal
 * @param {any} answer
 * @param {import("./state.mjs").Choice} choice
 */
function readAnswer(engine, program, goal, answer, choice) {
  if (!answer.values) return null;
  const { kept: stays, free, covered } = program.asked;
  const open = [...stays, ...free.filter((_, i) => answer.values[i] > 0.5)];
  const { objective, bound } = answer;
  const apart = Math.abs(bound - objective);
  // Stations are whole: a bound above seven is eight.
  const least = goal === "fewest" ? Math.ceil(bound - 1e-6) : bound;
  const proved = answer.optimal && (goal === "fewest" ? least >= Math.round(objective) : apart <= Math.max(1e-6, SAME * Math.abs(objective)) + 1e-6);
  // Against today: what closed facilities cover is lost.
  const kept = covered / engine.valueUnit - coveredToday(engine, choice).value;
  const most = goal === "most" ? { gained: kept + objective, most: kept + bound, boundCovered: covered / engine.valueUnit + bound } : { gained: 0, most: 0, boundCovered: null };
  return { open, proved, objective, bound: least, ...most, stations: program.opened.length };
}

/** The section of the panel. */
class Solving {
  /** @param {{version: string, script: string, wasm: string}} held the solver, compressed */
  constructor(held) {
    this.held = held;
    this.after = "settings";
    this.pins = true;
    this.worker = null;
  }

  build(view) {
    const { make } = view.tools;
    this.view = view;
    this.goal = make("select");
    this.goal.id = "what-if-goal";
    this.run = view._button("solve", () => this.start());
    this.stop = view._button("solve_stop", () => this.end(view.text("solve_stopped")));
    this.stop.hidden = true;
    this.status = make("p", "small");
    this.status.setAttribute("role", "status");
    return view._section("solve_title", make("p", "small muted", view.text("solve_hint")), make("p", "papers", this.goal, this.run, this.stop), this.status);
  }

  speak(view) {
    const { make } = view.tools;
    const held = this.goal.value;
    const share = percent(view.choice.pass, 0);
    const listed = [["most", view.say("solve_most")], ["fewest", view.say(view.engine.weighted ? "solve_fewest_weighted" : "solve_fewest", { share })]];
    this.goal.replaceChildren(...listed.map(([value, told]) => {
      const option = make("option", "", told);
      option.value = value;
      return option;
    }));
    if (held) this.goal.value = held;
    this.goal.setAttribute("aria-label", view.say("solve_title"));
  }

  paint(view) {
    const key = `${view.choice.pass} ${view.engine.weighted} ${document.documentElement.lang}`;
    if (this.key !== key) this.speak(view);
    this.key = key;
  }

  tell(...parts) {
    this.status.replaceChildren(...parts);
  }

  end(...told) {
    if (this.worker) this.worker.terminate();
    this.worker = null;
    this.run.disabled = false;
    this.stop.hidden = true;
    this.tell(...told);
  }

  async _worker() {
    const text = await textOf(this.held.script);
    this.wasm = this.wasm || (await inflated(bytesOf(this.held.wasm)));
    const url = URL.createObjectURL(new Blob([text, `;(${work})();`], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    return worker;
  }

  async start() {
    const { view } = this;
    const { engine, choice } = view;
    const goal = this.goal.value;
    const program = programOf(engine, choice, goal);
    if (program.refused) {
      this.tell(view.text(`solve_refused_${program.refused}`));
      return;
    }
    this.run.disabled = true;
    this.stop.hidden = false;
    this.tell(view.text("solve_running", { count: program.asked.free.length }));
    try {
      const worker = await this._worker();
      this.worker = worker;
      worker.onmessage = ({ data }) => this._answered(program, goal, choice, data);
      worker.onerror = (event) => this.end(view.text("solve_failed", { why: event.message || "" }));
      worker.postMessage({ wasm: this.wasm, program: { ...program.model, seconds: SECONDS } });
    } catch (error) {
      this.end(view.text("solve_failed", { why: String(error.message || error) }));
    }
  }

  _answered(program, goal, choice, { answer, error }) {
    const { view } = this;
    if (error) {
      this.end(view.text("solve_failed", { why: error }));
      return;
    }
    const found = readAnswer(view.engine, program, goal, answer, choice);
    if (!found) {
      this.end(view.text(answer.infeasible ? "solve_infeasible" : "solve_nothing", { seconds: SECONDS }));
      return;
    }
    const next = changed(choice, { open: found.open });
    view.history.push(next);
    view.refresh();
    // The next edit ends what is proved of this choice.
    view.solved = goal === "most" ? { covered: found.boundCovered, status: found.proved ? "optimal" : "feasible", stoppedBy: found.proved ? "proved" : "time", solver: `HiGHS ${this.held.version} (WebAssembly)` } : null;
    const total = program.opened.length;
    const values =
      goal === "most"
        ? { value: persons(found.gained), bound: persons(found.most) }
        : { value: number(Math.round(found.objective) + total), bound: number(found.bound + total) };
    const [value, bound] = goal === "most" ? [found.gained, found.most] : [found.objective, found.bound];
    const gap = value ? percent(Math.abs(bound - value) / Math.abs(value), 2) : percent(0, 2);
    const told = `solve_${found.proved ? "optimal" : "feasible"}_${goal}`;
    this.end(view.text(goal === "most" && view.engine.weighted ? `${told}_weighted` : told, { ...values, gap }));
  }
}
return { readAnswer, Solving };
})();
const module_drawing = (() => {
const { floorOf } = module_figures;
// The choice on the map: cells by what changes for them, places by their figures, and a mark for each site.

// The most pixels of the picture of cells.
const MOST_PIXELS = 0.7e6;
const CELL = { covered: 0, new: 1, lost: 2, left: 3 };

/** @param {string} colour #rrggbb @param {number} alpha */
function abgr(colour, alpha) {
  const part = (from) => parseInt(colour.slice(from, from + 2), 16);
  return ((alpha << 24) | (part(5) << 16) | (part(3) << 8) | part(1)) >>> 0;
}

/** Column and row of the grid at a place, by the fitted cubics. @param {any} fit @param {number} lon @param {number} lat */
function gridAt(fit, lon, lat) {
  const u = (lon - fit.middle[0]) / fit.half;
  const v = (lat - fit.middle[1]) / fit.half;
  let column = 0;
  let row = 0;
  for (let i = 0, term = 0, pu = 1; i < 4; i += 1, pu *= u) {
    for (let j = 0, power = pu; j < 4 - i; j += 1, term += 1, power *= v) {
      column += fit.col[term] * power;
      row += fit.row[term] * power;
    }
  }
  return [column, row];
}

const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
const latitude = (y) => (Math.atan(Math.exp(y)) * 360) / Math.PI - 90;

/** The cells as a picture in Web Mercator: only the pixels of cells that change are painted again. */
class CellPicture {
  /**
   * @param {import("./engine.mjs").Engine} engine
   * @param {number[][]} extent [[south, west], [north, east]]
   * @param {Record<string, string>} colours
   */
  constructor(engine, extent, colours) {
    this.engine = engine;
    const [[south, west], [north, east]] = extent;
    const fit = engine.data.grid.locate;
    const [rows, columns] = engine.data.grid.shape;
    const [left] = gridAt(fit, west, (south + north) / 2);
    const [right] = gridAt(fit, east, (south + north) / 2);
    const [, top] = gridAt(fit, (west + east) / 2, north);
    const [, foot] = gridAt(fit, (west + east) / 2, south);
    const cells = Math.max(1, Math.abs(right - left) * Math.abs(foot - top));
    const scale = Math.max(0.5, Math.min(4, Math.sqrt(MOST_PIXELS / cells)));
    this.width = Math.max(1, Math.round(Math.abs(right - left) * scale));
    this.height = Math.max(1, Math.round(Math.abs(foot - top) * scale));
    this.bounds = extent;
    const where = new Map();
    engine.cells.forEach((number, cell) => { if (engine.whole[cell] > 0) where.set(number, cell); });
    const low = mercator(south);
    const high = mercator(north);
    const of = new Int32Array(this.width * this.height).fill(-1);
    const counts = new Uint32Array(engine.cells.length + 1);
    for (let y = 0; y < this.height; y += 1) {
      const lat = latitude(high - ((y + 0.5) / this.height) * (high - low));
      for (let x = 0; x < this.width; x += 1) {
        const [column, row] = gridAt(fit, west + ((x + 0.5) / this.width) * (east - west), lat);
        const [c, r] = [Math.floor(column), Math.floor(row)];
        if (c < 0 || r < 0 || c >= columns || r >= rows) continue;
        const cell = where.get(r * columns + c);
        if (cell === undefined) continue;
        of[y * this.width + x] = cell;
        counts[cell + 1] += 1;
      }
    }
    for (let cell = 0; cell < engine.cells.length; cell += 1) counts[cell + 1] += counts[cell];
    this.start = counts;
    this.pixel = new Uint32Array(counts[counts.length - 1]);
    const next = counts.slice();
    of.forEach((cell, i) => { if (cell >= 0) this.pixel[next[cell]++] = i; });
    this.palette = ["covered", "new", "lost", "left"].map((key) => abgr(colours[key], 200));
  }

  /** @param {HTMLCanvasElement} canvas */
  onto(canvas) {
    canvas.width = this.width;
    canvas.height = this.height;
    this.pen = canvas.getContext("2d");
    this.image = this.pen.createImageData(this.width, this.height);
    this.colours = new Uint32Array(this.image.data.buffer);
  }

  /** @param {Uint8Array} before 1 where a cell is covered today */
  paint(before, cells) {
    const { count } = this.engine;
    let [left, top, right, foot] = [this.width, this.height, -1, -1];
    for (const cell of cells) {
      const now = count[cell] > 0;
      const kind = now ? (before[cell] ? CELL.covered : CELL.new) : before[cell] ? CELL.lost : CELL.left;
      const colour = this.palette[kind];
      for (let i = this.start[cell]; i < this.start[cell + 1]; i += 1) {
        const pixel = this.pixel[i];
        this.colours[pixel] = colour;
        const x = pixel % this.width;
        const y = (pixel - x) / this.width;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > foot) foot = y;
      }
    }
    if (right >= 0) this.pen.putImageData(this.image, 0, 0, left, top, right - left + 1, foot - top + 1);
  }
}

/**
 * The class of a share: 0 to 3 by quarters, 4 where it passes, -1 without a figure.
 * @param {number} share
 * @param {number} pass
 */
const shareClass = (share, pass) => (Number.isNaN(share) ? -1 : share >= pass - 1e-9 ? 4 : Math.max(0, Math.min(3, Math.floor(share / 0.25))));

/** The class of land: 0 for none, 1 to 4 by quarters of what is required, 5 where it is met, -1 without a figure. */
function landClass(low, required) {
  if (Number.isNaN(low) || Number.isNaN(required) || !(required > 0)) return -1;
  if (low >= required - 1e-9 * Math.max(1, required)) return 5;
  return low <= 0 ? 0 : 1 + Math.min(3, Math.floor((low / required) * 4));
}

const openLook = (candidate, scale, colours) => ({
  radius: 7 * scale,
  color: "#ffffff",
  weight: 1.5,
  dashArray: null,
  fillColor: candidate ? colours.new : colours.open,
  fillOpacity: 1,
});

// A closed facility is dashed; a candidate that the plan chose has the plan's colour.
const closedLook = (candidate, marked, scale, colours) => ({
  radius: (candidate ? 4.5 : 6) * scale,
  color: marked ? colours.new : candidate ? "#54626e" : colours.open,
  weight: marked ? 2.5 : 1.5,
  dashArray: candidate ? null : "3 2",
  fillColor: "#ffffff",
  fillOpacity: 0.9,
});

class Drawing {
  /**
   * @param {any} tools L, map, data of the page, texts
   * @param {import("./engine.mjs").Engine} engine
   * @param {{toggle: (site: number) => void, tip: (site: number) => Node}} does
   */
  constructor(tools, engine, does) {
    this.tools = tools;
    this.engine = engine;
    this.does = does;
    this.look = engine.data.look;
    this.colouring = "cells";
    this.before = null;
    this.planned = new Set((engine.data.plan || []).map((option) => engine.options.site[option]));
  }

  start() {
    const { L, map } = this.tools;
    for (const [name, order] of [["what-if-places", 258], ["what-if-sites", 630]]) {
      const pane = map.createPane(name);
      pane.style.zIndex = String(order);
    }
    map.getPane("what-if-places").style.pointerEvents = "none";
    this.group = L.layerGroup();
    this._cells();
    this._sites();
  }

  _cells() {
    const { L, extent } = this.tools;
    if (!this.engine.data.grid.locate) return;
    const canvas = document.createElement("canvas");
    this.picture = new CellPicture(this.engine, extent, this.look.cells);
    this.picture.onto(canvas);
    canvas.setAttribute("aria-hidden", "true");
    this.cells = L.svgOverlay(canvas, extent, { pane: "what-if-places", className: "picture-cells what-if-cells" });
  }

  _sites() {
    const { L } = this.tools;
    const { sites } = this.engine;
    // A finger needs more room than a pointer.
    const coarse = window.matchMedia("(pointer: coarse)").matches;
    const renderer = L.canvas({ pane: "what-if-sites", padding: 0.2, tolerance: coarse ? 14 : 5 });
    this.marks = sites.lon_lat.slice(0, this.engine.firstPlaced).map(([lon, lat], site) => {
      const mark = L.circleMarker([lat, lon], { renderer, pane: "what-if-sites", bubblingMouseEvents: false });
      mark.on("click", () => this.does.toggle(site));
      mark.bindTooltip(() => this.does.tip(site), { direction: "top" });
      this.group.addLayer(mark);
      return mark;
    });
  }

  // Marks are drawn again only where their state has changed.
  _mark(site) {
    const { engine, look } = this;
    const open = engine.optionsOf[site].some((option) => engine.open[option]);
    const candidate = engine.sites.kind[site] === "candidate";
    const key = `${open}`;
    const mark = this.marks[site];
    if (mark.state === key) return;
    mark.state = key;
    const scale = this.tools.map.getSize().x < 600 ? 0.75 : 1;
    const marked = this.planned.has(site) && candidate && !open;
    mark.setStyle(open ? openLook(candidate, scale, look.sites) : closedLook(candidate, marked, scale, look.sites));
    if (open) mark.bringToFront();
  }

  show() {
    this.group.addTo(this.tools.map);
    this._colour();
  }

  hide() {
    this.group.remove();
    if (this.cells) this.cells.remove();
    if (this.shapes) this.shapes.remove();
  }

  /** @param {string} key "cells", "share:LEVEL" or "land:LEVEL" */
  colourBy(key) {
    this.colouring = key;
    this._colour();
  }

  _colour() {
    const { L, map, shapesOf } = this.tools;
    if (this.shapes) this.shapes.remove();
    if (this.cells) this.cells.remove();
    this.shapes = null;
    if (this.colouring === "cells") {
      if (this.cells) this.cells.addTo(map);
      return;
    }
    const key = this.colouring.split(":")[1];
    const renderer = this.renderer || (this.renderer = L.canvas({ pane: "what-if-places", padding: 0.2 }));
    const level = this.engine.levels[key];
    const place = new Map(level.ids.map((id, i) => [`${key}/${id}`, i]));
    const features = shapesOf(key);
    this.shapes = L.geoJSON({ type: "FeatureCollection", features }, { renderer, pane: "what-if-places", interactive: false, smoothFactor: 0.6, style: { weight: 0.8, color: "#ffffff", fillOpacity: 0.75 } });
    this.shapes.eachLayer((shape) => { shape.place = place.get(shape.feature.properties.k); });
    this.shapes.addTo(map);
    if (this.found) this._places(this.found, this.choice);
  }

  _places(found, choice) {
    const [by, key] = this.colouring.split(":");
    const level = this.engine.levels[key];
    const held = found.levels[key];
    this.shapes.eachLayer((shape) => {
      const { place } = shape;
      if (place === undefined) return;
      const colour =
        by === "share"
          ? this.look.share[shareClass(held.share[place], choice.pass)] || this.look.none
          : this.look.land[landClass(held.low[place], level.basisHigh[place] * floorOf(level, place, choice.floor))] || this.look.none;
      if (shape.colour === colour) return;
      shape.colour = colour;
      shape.setStyle({ fillColor: colour });
    });
  }

  /** Take the cells that are covered now as those of today. */
  takeToday() {
    this.before = Uint8Array.from(this.engine.count, (each) => (each > 0 ? 1 : 0));
    this.whole = true;
  }

  /**
   * Draw a choice that the engine holds.
   * @param {any} found figures
   * @param {import("./state.mjs").Choice} choice
   */
  draw(found, choice) {
    const { engine } = this;
    const changed = engine.takeChanged();
    const cells = this.whole ? engine.cells.keys() : changed;
    this.whole = false;
    if (this.picture) this.picture.paint(this.before, cells);
    for (let site = 0; site < this.marks.length; site += 1) this._mark(site);
    this.found = found;
    this.choice = choice;
    if (this.shapes) this._places(found, choice);
  }

  /** The legend of the present colours: colour and text each. */
  legend() {
    const { texts } = this.tools;
    const { cells, sites, share, land, none } = this.look;
    const [by] = this.colouring.split(":");
    const rows = [];
    if (by === "cells") {
      for (const key of ["covered", "new", "lost", "left"]) rows.push([cells[key], texts[`cell_${key}`], "cell"]);
    } else if (by === "share") {
      const pass = this.choice ? this.choice.pass : this.engine.data.pass_share;
      share.forEach((colour, i) => {
        if (i < 4 && i * 0.25 >= pass) return;
        const ends = i < 4 ? `${i * 25}–${Math.round(Math.min(pass, (i + 1) * 0.25) * 100)}%` : `≥ ${Math.round(pass * 100)}%`;
        rows.push([colour, { zh: ends, en: ends }, "cell"]);
      });
      rows.push([none, texts.no_data, "cell"]);
    } else {
      land.forEach((colour, i) => {
        const ends = `${(i - 1) * 25}–${i * 25}%`;
        rows.push([colour, i === 0 ? texts.none : i === 5 ? texts.met : { zh: ends, en: ends }, "cell"]);
      });
      rows.push([none, texts.no_data, "cell"]);
    }
    rows.push([sites.new, texts.site_new, "site"], ["#ffffff", texts.site_free, "site free"], [sites.open, texts.site_open, "site"], ["#ffffff", texts.site_closed, "site closed"]);
    if (this.engine.streets) rows.push([sites.new, texts.site_own, "site own"]);
    if (this.planned.size) rows.push(["#ffffff", texts.site_planned, "site planned"]);
    return rows;
  }

  /** What may be coloured. @returns {string[]} */
  choices() {
    const { shapesOf } = this.tools;
    const keys = Object.keys(this.engine.levels).filter((key) => shapesOf(key).length);
    return ["cells", ...keys.map((key) => `share:${key}`), ...keys.map((key) => `land:${key}`)];
  }
}
return { gridAt, CellPicture, shareClass, landClass, Drawing };
})();
const module_view = (() => {
const { linesOf, measured, money, placeRows, TEN_THOUSAND } = module_figures;
const { number, percent, persons } = module_numbers;
const { csvOf, planOf, ranked } = module_plan;
const { changed, History, Naming, savedText, turned } = module_state;
const { Drawing } = module_drawing;
// The panel of the what-if: a choice is made here or on the map, and every figure follows at once.

const MOST_PLACES = 400;

/** Set a text only where it differs: the browser then lays out nothing again. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class View {
  /**
   * @param {any} tools of the page
   * @param {import("./engine.mjs").Engine} engine
   * @param {any} saved what a saved page holds, or null
   * @param {any[]} [parts] further sections
   */
  constructor(tools, engine, saved, parts = []) {
    this.tools = tools;
    this.engine = engine;
    this.naming = new Naming(engine);
    const { data } = engine;
    /** @type {import("./state.mjs").Choice} */
    const first = {
      open: data.plan || data.today,
      placed: [],
      pinned: [],
      minutes: data.own,
      floor: "02",
      pass: data.pass_share,
      stations: data.request.stations ?? null,
      budget: data.request.budget_cny ?? null,
      weights: data.groups.map(({ weight }) => weight),
    };
    this.base = changed(first, {});
    const choice = saved ? this.naming.read(saved.choice, this.base) : this.base;
    this.history = new History(choice);
    this.variants = saved ? saved.variants.map(({ name, choice: of }) => ({ name, choice: this.naming.read(of, this.base) })) : [];
    this.sorted = { column: "order", up: true };
    this.drawing = new Drawing(tools, engine, { toggle: (site) => this.toggle(site), tip: (site) => this._tip(site) });
    this.solved = null;
    this.parts = parts;
    // What is fixed matters to the solver alone.
    this.pins = parts.some((part) => part.pins);
  }

  get choice() {
    return this.history.choice;
  }

  start() {
    this.drawing.start();
    this._build();
    this.refresh();
  }

  text(key, values = {}) {
    const { texts, both } = this.tools;
    const told = (lang) =>
      texts[key][lang].split(/\{(\w+)\}/).map((part, i) => (i % 2 ? (typeof values[part] === "object" ? values[part][lang] : values[part]) : part)).join("");
    return both({ zh: told("zh"), en: told("en") });
  }

  say(key, values = {}) {
    const { say, texts } = this.tools;
    return say(texts[key]).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part)).join("");
  }

  // --- edits ---

  edit(change, kind = "") {
    this.choose(changed(this.choice, change), kind);
  }

  /** @param {import("./state.mjs").Choice} choice @param {string} [kind] steps of one kind in a row are one */
  choose(choice, kind = "") {
    this.history.push(choice, kind);
    this.solved = null;
    this.refresh();
  }

  /** Open a site that is closed, close one that is open. @param {number} site */
  toggle(site) {
    const { engine } = this;
    const rows = engine.optionsOf[site];
    const open = rows.find((option) => engine.open[option]);
    if (engine.sites.locked.includes(site)) return;
    this.choose(turned(this.choice, open ?? rows[0], open === undefined, rows));
  }

  undo() {
    this.history.undo();
    this.solved = null;
    this.refresh();
  }

  redo() {
    this.history.redo();
    this.solved = null;
    this.refresh();
  }

  // --- building ---

  _button(key, does, className = "") {
    const { make } = this.tools;
    const button = make("button", className, this.text(key));
    button.type = "button";
    button.addEventListener("click", does);
    return button;
  }

  _section(key, ...children) {
    const { make } = this.tools;
    return make("section", "", make("h2", "", this.text(key)), ...children);
  }

  _build() {
    const { make, panel } = this.tools;
    this.lead = make("p", "big", "");
    this.bar = make("div", "bar");
    this.undoing = this._button("undo", () => this.undo());
    this.redoing = this._button("redo", () => this.redo());
    const resets = [this._button("reset_today", () => this.edit({ open: this.engine.data.today, placed: [] }))];
    if (this.engine.data.plan) resets.push(this._button("reset_plan", () => this.edit({ open: this.engine.data.plan, placed: [] })));
    this.over = make("p", "small over");
    this.over.setAttribute("role", "status");
    const head = make("div", "what-if-head", make("h2", "", (this.title = make("span"))), this.lead, this.bar, make("p", "papers", this.undoing, this.redoing, ...resets), this.over);
    panel.replaceChildren(head, this._compared(), this._settings(), ...this.more("settings"), this._sites(), ...this.more("sites"), this._places(), this._funding(), this._variants(), this._files(), this._notes());
    this._card();
  }

  /** Further sections, by what they follow; the solver and the proof add theirs. @param {string} after */
  more(after) {
    return this.parts.filter((part) => part.after === after).map((part) => part.build(this));
  }

  _compared() {
    const { make } = this.tools;
    this.compared = make("table", "floors compared");
    return this._section("figures", this.compared);
  }

  _settings() {
    const { make } = this.tools;
    const { data } = this.engine;
    const row = (key, control, output, values = {}) => {
      const label = make("label", "", this.text(key, values));
      label.htmlFor = control.id;
      return make("div", "setting", label, control, output);
    };
    const range = (id, min, max, step, does) => {
      const input = make("input");
      Object.assign(input, { type: "range", id, min, max, step });
      input.addEventListener("input", () => does(Number(input.value)));
      return input;
    };
    const figure = (id, does, scale = 1) => {
      const input = make("input");
      Object.assign(input, { type: "number", id, min: 0, step: 1 });
      input.addEventListener("change", () => does(input.value === "" ? null : Math.max(0, Number(input.value)) * scale));
      return input;
    };
    this.minutes = range("what-if-minutes", 0, data.minutes.length - 1, 1, (minutes) => this.edit({ minutes }, "minutes"));
    this.minutesTold = make("output");
    this.pass = range("what-if-pass", 0.05, 1, 0.05, (pass) => this.edit({ pass: Math.round(pass * 100) / 100 }, "pass"));
    this.passTold = make("output");
    this.floor = make("select");
    this.floor.id = "what-if-floor";
    this.floor.addEventListener("change", () => this.edit({ floor: this.floor.value }));
    this.weights = data.groups.map(({ name }, i) => {
      const input = figure(`what-if-weight-${i}`, (weight) => this.edit({ weights: this.choice.weights.map((each, j) => (i === j ? Math.min(1e6, Math.max(0.001, weight ?? 1)) : each)) }));
      Object.assign(input, { step: "any", min: 0.001 });
      return { name, input };
    });
    // Of a part of a station nothing can be built.
    this.stations = figure("what-if-stations", (stations) => this.edit({ stations: stations === null ? null : Math.floor(stations) }));
    this.budget = figure("what-if-budget", (budget) => this.edit({ budget }), TEN_THOUSAND);
    return this._section("settings", row("minutes", this.minutes, this.minutesTold), row("floor", this.floor), row("pass", this.pass, this.passTold), row("most_stations", this.stations), row("budget", this.budget), ...this.weights.map(({ name, input }) => row("weight", input, null, { name })));
  }

  _sites() {
    const { make } = this.tools;
    this.filter = make("input");
    Object.assign(this.filter, { type: "search", id: "what-if-filter", autocomplete: "off" });
    this.filter.addEventListener("input", () => this._listSites());
    this.kind = make("select");
    this.kind.id = "what-if-kind";
    this.kind.addEventListener("change", () => this._listSites());
    this.siteTable = make("table", "");
    this.siteTable.id = "what-if-sites";
    const frame = make("div", "places", this.siteTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.siteFrame = frame;
    return this._section("sites", make("p", "small muted", this.text("sites_hint")), make("p", "papers", this.kind, this.filter), frame);
  }

  _places() {
    const { make } = this.tools;
    this.level = make("select");
    this.level.id = "what-if-level";
    this.level.addEventListener("change", () => this._listPlaces());
    this.placeTable = make("table");
    this.placeTable.id = "what-if-places";
    const frame = make("div", "places", this.placeTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.placeFrame = frame;
    return this._section("places", this.level, frame);
  }

  _funding() {
    const { make } = this.tools;
    this.lines = make("ul", "small");
    return this._section("funding", this.lines);
  }

  _variants() {
    const { make } = this.tools;
    this.variantName = make("input");
    Object.assign(this.variantName, { type: "text", id: "what-if-variant", maxLength: 200, autocomplete: "off" });
    this.variantTable = make("table", "floors variants");
    const frame = make("div", "places wide", this.variantTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.variantFrame = frame;
    return this._section("variants", make("p", "papers", this.variantName, this._button("keep", () => this.keep())), frame);
  }

  _files() {
    const { make } = this.tools;
    this.minutesNote = make("p", "small over");
    return this._section("files", make("p", "papers", this._button("save", () => this.save()), this._button("export_plan", () => this.exportPlan()), this._button("export_csv", () => this.exportTables())), this.minutesNote);
  }

  _notes() {
    const { make } = this.tools;
    const { data } = this.engine;
    const notes = [];
    if (data.plan_unshown) notes.push(this.text("plan_unshown"));
    if (data.unsaid.length) notes.push(this.text("unsaid", { count: data.unsaid.length }));
    if (!data.complete) notes.push(this.text("incomplete"));
    return make("div", "", ...notes.map((note) => make("p", "small muted", note)));
  }

  _card() {
    const { make, card } = this.tools;
    this.colours = make("select");
    this.colours.id = "what-if-colours";
    this.colours.addEventListener("change", () => {
      this.drawing.colourBy(this.colours.value);
      this._legend();
    });
    this.colourLabel = make("label", "caption", this.text("colour"));
    this.colourLabel.htmlFor = this.colours.id;
    this.legendList = make("ul", "");
    card.replaceChildren(this.colourLabel, this.colours, make("div", "samples fixed", this.legendList));
  }

  // --- painting ---

  /** Measure the choice and paint every figure. */
  refresh() {
    const { engine, choice } = this;
    engine.set(choice.open, choice.minutes, choice.placed, choice.weights);
    this.found = measured(engine, choice);
    this._baselines();
    this._paint();
    this.drawing.draw(this.found, choice);
    if (this.later) cancelAnimationFrame(this.later);
    // What lies below the fold follows in the next frame.
    this.later = requestAnimationFrame(() => { this.later = 0; this._paintMore(); });
  }

  // Today and the plan at the same minutes and shares, worked out again only where these have changed.
  _baselines() {
    const { engine, choice } = this;
    const key = JSON.stringify([choice.minutes, choice.pass, choice.weights]);
    if (this.baseKey === key) return;
    this.baseKey = key;
    const of = (open) => {
      engine.set(open, choice.minutes);
      return measured(engine, choice);
    };
    this.today = of(engine.data.today);
    if (this.drawnMinutes !== choice.minutes) this.drawing.takeToday();
    this.drawnMinutes = choice.minutes;
    this.plan = engine.data.plan ? of(engine.data.plan) : null;
    engine.set(choice.open, choice.minutes);
  }

  _paint() {
    const { make, both, texts } = this.tools;
    const { choice, found } = this;
    const minutes = number(this.engine.data.minutes[choice.minutes]);
    this.title.replaceChildren(this.text("lead", { minutes }));
    const chip = (className, told, key) => [make("b", className, percent(told.whole.share)), " ", make("small", "", both(texts[key]))];
    this.lead.replaceChildren(...chip("now", found, "now"), " ", ...chip("before", this.today, "today"), ...(this.plan ? [" ", ...chip("after", this.plan, "plan")] : []));
    const line = (className, share, tag = "i") => {
      const node = make(tag, className);
      const at = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
      if (tag === "i") node.style.width = at;
      else node.style.left = at;
      return node;
    };
    this.bar.replaceChildren(line("now", found.whole.share), line("at-today", this.today.whole.share, "u"), ...(this.plan ? [line("at-plan", this.plan.whole.share, "u")] : []), line("at-pass", choice.pass, "u"));
    this.undoing.disabled = !this.history.canUndo;
    this.redoing.disabled = !this.history.canRedo;
    this._paintOver();
    this._paintCompared();
    this.minutes.value = String(choice.minutes);
    this.minutes.setAttribute("aria-valuetext", this.say("minutes_value", { minutes }));
    this.minutesTold.replaceChildren(this.text("minutes_value", { minutes }));
    this.pass.value = String(choice.pass);
    put(this.passTold, percent(choice.pass, 0));
    this.floor.value = choice.floor;
    this.weights.forEach(({ input }, i) => { if (document.activeElement !== input) input.value = String(choice.weights[i]); });
    if (document.activeElement !== this.stations) this.stations.value = choice.stations === null ? "" : String(choice.stations);
    if (document.activeElement !== this.budget) this.budget.value = choice.budget === null ? "" : String(choice.budget / TEN_THOUSAND);
  }

  _paintOver() {
    const { choice, found } = this;
    const told = [];
    const { stations, cost, unknown } = found.money;
    const most = this.engine.mostNew(choice);
    if (most !== null && stations > most) told.push(this.text("over_stations", { count: stations - most }));
    if (choice.budget !== null && cost > choice.budget) told.push(this.text("over_budget", { amount: money(cost - choice.budget) }));
    if (unknown) told.push(this.text("cost_unknown", { count: unknown }));
    const { make } = this.tools;
    this.over.replaceChildren(...told.map((each) => make("span", "", each)));
  }

  _paintCompared() {
    const { make, both, texts } = this.tools;
    /** @type {[string, any][]} */
    const every = [["today", this.today], ["plan", this.plan], ["now", this.found]];
    const columns = every.filter(([, told]) => told !== null);
    const lines = linesOf(this.engine, this.choice);
    const key = JSON.stringify(lines.map(({ key: name, values }) => [name, values]));
    if (this.comparedKey !== key) {
      this.comparedKey = key;
      const heads = columns.map(([name]) => {
        const head = make("th", name, both(texts[name]));
        head.scope = "col";
        return head;
      });
      this.comparedCells = lines.map(() => columns.map(([name]) => make("td", name)));
      const rows = lines.map(({ key: name, values }, i) => {
        const head = make("th", "", this.text(name, values));
        head.scope = "row";
        return make("tr", "", head, ...this.comparedCells[i]);
      });
      this.compared.replaceChildren(make("thead", "", make("tr", "", make("td"), ...heads)), make("tbody", "", ...rows));
    }
    lines.forEach(({ write }, i) => columns.forEach(([, told], j) => put(this.comparedCells[i][j], told ? write(told) : "")));
  }

  _paintMore() {
    this._paintSites();
    this._paintPlaces();
    this._paintFunding();
    this._paintVariants();
    this._legend();
    for (const part of this.parts) if (part.paint) part.paint(this);
    const { data } = this.engine;
    const apart = this.choice.minutes !== data.own;
    this.minutesNote.replaceChildren(...(apart ? [this.text("other_minutes", { minutes: number(data.minutes[data.own]) })] : []));
  }

  // --- sites ---

  _listed() {
    const { sites, optionsOf, open } = this.engine;
    const asked = this.filter.value.trim().toLowerCase();
    const kind = this.kind.value;
    const found = [];
    sites.id.forEach((id, site) => {
      const opened = optionsOf[site].some((option) => open[option]);
      if (kind === "chosen" ? !(opened && sites.kind[site] === "candidate") : sites.kind[site] !== kind) return;
      if (asked && !`${sites.name[site] ?? ""} ${id}`.toLowerCase().includes(asked)) return;
      found.push(site);
    });
    return found;
  }

  _nameOf(site) {
    return this.engine.sites.name[site] ?? this.engine.sites.id[site];
  }

  _listSites() {
    const { make, both, texts } = this.tools;
    const head = (key, title) => {
      const button = make("button", "", both(texts[key]));
      button.type = "button";
      button.addEventListener("click", () => {
        this.sorted = { column: key, up: this.sorted.column === key ? !this.sorted.up : key === "name" };
        this._listSites();
      });
      if (title) button.title = this.say(title);
      const cell = make("th", "", button);
      cell.scope = "col";
      cell.setAttribute("aria-sort", this.sorted.column !== key ? "none" : this.sorted.up ? "ascending" : "descending");
      return cell;
    };
    const listed = this._inOrder(this._listed());
    this.rows = listed.map((site) => this._siteRow(site));
    const open = make("th", "", both(texts.open));
    open.scope = "col";
    const pin = make("th", "", both(texts.pin));
    pin.scope = "col";
    const columns = [open, head("name"), head("gain", "gain_hint"), head("site_cost"), ...(this.pins ? [pin] : [])];
    this.siteTable.replaceChildren(make("thead", "", make("tr", "", ...columns)), make("tbody", "", ...this.rows.map(({ node }) => node)));
    this._paintSites();
  }

  _inOrder(listed) {
    const { engine } = this;
    const { column, up } = this.sorted;
    if (column === "order") return listed;
    const way = up ? 1 : -1;
    if (column === "name") {
      const names = new Intl.Collator("zh-Hans-u-co-pinyin", { numeric: true });
      return listed.sort((one, other) => way * names.compare(this._nameOf(one), this._nameOf(other)));
    }
    const figure = (site) => {
      const option = this._optionOf(site);
      return column === "gain" ? engine.gain(option) : engine.options.cost_cny[option];
    };
    const held = new Map(listed.map((site) => [site, figure(site)]));
    return listed.sort((one, other) => way * (held.get(one) - held.get(other)) || one - other);
  }

  _optionOf(site) {
    const { optionsOf, open } = this.engine;
    return optionsOf[site].find((option) => open[option]) ?? optionsOf[site][0];
  }

  _siteRow(site) {
    const { make } = this.tools;
    const { engine } = this;
    const name = this._nameOf(site);
    const box = make("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", this.say("open_name", { name }));
    box.addEventListener("change", () => this.toggle(site));
    if (engine.sites.locked.includes(site)) {
      box.disabled = true;
      box.title = this.say("locked");
    }
    const link = make("button", "link", name);
    link.type = "button";
    link.title = engine.sites.id[site];
    link.addEventListener("click", () => this.tools.goTo(engine.sites.lon_lat[site]));
    const head = make("th", "", link);
    head.scope = "row";
    const size = engine.optionsOf[site].length > 1 ? this._sizes(site) : null;
    if (size) head.append(" ", size);
    const gain = make("td");
    const cost = make("td");
    const pin = make("input");
    pin.type = "checkbox";
    pin.setAttribute("aria-label", this.say("pin_name", { name }));
    pin.addEventListener("change", () => {
      const { pinned } = this.choice;
      this.edit({ pinned: pin.checked ? [...pinned, site] : pinned.filter((each) => each !== site) });
    });
    const cells = [make("td", "tick", box), head, gain, cost, ...(this.pins ? [make("td", "tick", pin)] : [])];
    return { site, node: make("tr", "", ...cells), box, size, gain, cost, pin };
  }

  _sizes(site) {
    const { make } = this.tools;
    const { engine } = this;
    const select = make("select", "sizes");
    select.setAttribute("aria-label", this.say("size"));
    for (const option of engine.optionsOf[site]) {
      const node = make("option", "", engine.options.size[option] ?? this.say("size_own"));
      node.value = String(option);
      select.append(node);
    }
    select.value = String(this._optionOf(site));
    select.addEventListener("change", () => {
      this.choose(turned(this.choice, Number(select.value), true, engine.optionsOf[site]));
    });
    return select;
  }

  _paintSites() {
    const { engine, choice } = this;
    if (!this.rows) {
      this._listSites();
      return;
    }
    if (this.kind.value === "chosen" && !this._same(this._listed(), this.rows)) {
      this._listSites();
      return;
    }
    const pinned = new Set(choice.pinned);
    for (const { site, node, box, size, gain, cost, pin } of this.rows) {
      const option = this._optionOf(site);
      const open = Boolean(engine.open[option]);
      box.checked = open;
      if (size) size.value = String(option);
      node.classList.toggle("current", open && engine.sites.kind[site] === "candidate");
      const figure = engine.gain(option);
      put(gain, `${open ? "−" : "+"}${persons(figure)}`);
      const yuan = engine.options.cost_cny[option];
      put(cost, engine.sites.kind[site] === "facility" && !engine.isEnlarged(option) ? "" : money(yuan));
      pin.checked = pinned.has(site);
    }
  }

  _same(sites, rows) {
    return sites.length === rows.length && new Set([...sites, ...rows.map(({ site }) => site)]).size === sites.length;
  }

  _tip(site) {
    const { make } = this.tools;
    const option = this._optionOf(site);
    const open = Boolean(this.engine.open[option]);
    return make("span", "", `${this._nameOf(site)} ${open ? "−" : "+"}${persons(this.engine.gain(option))}`);
  }

  // --- places, funding, variants ---

  _listPlaces() {
    this.placeRows = null;
    this._paintPlaces();
  }

  _paintPlaces() {
    const { make, both, texts } = this.tools;
    const key = this.level.value;
    if (!key) return;
    const rows = placeRows(this.engine, this.found, key, this.choice).slice(0, MOST_PLACES);
    const today = placeRows(this.engine, this.today, key, this.choice);
    if (!this.placeRows) {
      const heads = ["name", "place_from", "place_share", "place_gap"].map((name) => {
        const head = make("th", "", both(texts[name]));
        head.scope = "col";
        return head;
      });
      this.placeRows = rows.map(({ name }) => {
        const head = make("th", "", name);
        head.scope = "row";
        const cells = [make("td"), make("td", "strong"), make("td")];
        return { head, cells, node: make("tr", "", head, ...cells) };
      });
      this.placeTable.replaceChildren(make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...this.placeRows.map(({ node }) => node)));
    }
    rows.forEach(({ share, gap, circle, land }, i) => {
      const { head, cells } = this.placeRows[i];
      const verdict = `is-${circle ?? land}`;
      if (head.className !== verdict) head.className = verdict;
      put(cells[0], today[i].share);
      put(cells[1], share);
      put(cells[2], gap);
    });
  }

  _paintFunding() {
    const key = this.choice.open.join(" ");
    if (this.fundingKey === key) return;
    this.fundingKey = key;
    const { make } = this.tools;
    const { data } = this.engine;
    const told = this.engine.funding().map(({ clause, line, status, sites, amount, unknown }) => {
      const state = this.text(status === "eligible" ? "eligible" : status === "conditional" ? "conditional_status" : "unknown_status");
      const sum = unknown === sites ? this.text("no_amount") : this.text("amount", { amount: money(amount) });
      const name = data.clause_names[clause] || clause;
      return make("li", "", make("b", "", name), " ", this.text("funding_line", { line: data.lines[line] || line, sites }), " · ", state, " · ", sum);
    });
    this.lines.replaceChildren(...(told.length ? told : [make("li", "muted", this.text("funding_none"))]));
  }

  keep() {
    const name = this.variantName.value.trim() || this.say("variant", { number: this.variants.length + 1 });
    this.variants = [...this.variants, { name, choice: this.choice }];
    this.variantName.value = "";
    this._paintVariants();
  }

  _paintVariants() {
    const { make, both, texts } = this.tools;
    if (!this.variants.length) {
      this.variantTable.replaceChildren(make("tbody", "", make("tr", "", make("td", "muted", this.text("variants_none")))));
      this.variantKey = "";
      return;
    }
    const key = JSON.stringify([this.variants, document.documentElement.lang]);
    if (this.variantKey === key) return;
    this.variantKey = key;
    const shown = ["stations", "covered", "share", "worst", "cost", "land_gap"];
    const { engine } = this;
    const heads = shown.map((name) => {
      const head = make("th", "", name === "land_gap" ? this.text(name, { floor: "0.2" }) : both(texts[name]));
      head.scope = "col";
      return head;
    });
    const rows = this.variants.map(({ name, choice }, i) => {
      engine.set(choice.open, choice.minutes, choice.placed, choice.weights);
      const found = measured(engine, choice);
      const lines = new Map(linesOf(engine, { ...choice, floor: "02" }).map((line) => [line.key, line]));
      const cells = shown.map((column) => make("td", "", lines.has(column) ? lines.get(column).write(found) : "–"));
      const head = make("th", "", name);
      head.scope = "row";
      const load = this._button("load", () => this.edit(choice));
      const drop = this._button("drop", () => {
        this.variants = this.variants.filter((_, other) => other !== i);
        this._paintVariants();
      });
      for (const button of [load, drop]) button.setAttribute("aria-label", `${button.textContent} ${name}`);
      return make("tr", "", head, ...cells, make("td", "does", load, " ", drop));
    });
    engine.set(this.choice.open, this.choice.minutes, this.choice.placed, this.choice.weights);
    this.variantTable.replaceChildren(make("thead", "", make("tr", "", make("td"), ...heads, make("td"))), make("tbody", "", ...rows));
  }

  _legend() {
    const key = `${this.drawing.colouring} ${this.choice.pass}`;
    if (this.legendKey === key) return;
    this.legendKey = key;
    const { make, both } = this.tools;
    const rows = this.drawing.legend().map(([colour, label, kind]) => {
      const dot = make("i", `dot ${kind}`);
      dot.style.backgroundColor = colour;
      return make("li", "", dot, both(label));
    });
    this.legendList.replaceChildren(...rows);
  }

  // --- files ---

  _download(name, type, text) {
    const { make } = this.tools;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  save() {
    this._download("what-if.html", "text/html", this.tools.pageWith(savedText(this.naming, this.choice, this.variants)));
  }

  /** The plan of the choice; its proof is that of the solver, while nothing has changed since. */
  planned() {
    return planOf(this.engine, this.choice, this.solved ?? {});
  }

  exportPlan() {
    this._download("plan.geojson", "application/geo+json", `${JSON.stringify(this.planned())}\n`);
  }

  exportTables() {
    const { engine, choice } = this;
    const { stations } = ranked(engine, choice);
    const header = ["export_rank", "export_site", "name", "export_new", "cost"].map((key) => this.say(key));
    const rows = stations.map(({ option, gain }, i) => {
      const site = engine.options.site[option];
      return [i + 1, engine.sites.id[site], this._nameOf(site), Number(gain.toFixed(6)), engine.options.cost_cny[option] / TEN_THOUSAND];
    });
    const units = [];
    for (const key of Object.keys(engine.levels)) {
      for (const row of placeRows(engine, this.found, key, choice)) units.push([this.tools.levelName(key), row.id, row.name, row.covered, row.share, row.gap]);
    }
    const under = ["export_level", "export_site", "export_place", "covered", "place_share", "place_gap"].map((key) => this.say(key));
    const compared = linesOf(engine, choice).map(({ key, values, write }) => [this.say(key, values), write(this.today), ...(this.plan ? [write(this.plan)] : []), write(this.found)]);
    const columns = ["", this.say("today"), ...(this.plan ? [this.say("plan")] : []), this.say("now")];
    this._download("what-if.csv", "text/csv", csvOf([columns, ...compared, [], header, ...rows, [], under, ...units]));
  }

  // --- language ---

  speak() {
    const { make, say, texts, levelName } = this.tools;
    const choices = (select, listed) => {
      const held = select.value;
      select.replaceChildren(...listed.map(([value, told]) => {
        const option = make("option", "", told);
        option.value = value;
        return option;
      }));
      if (listed.some(([value]) => value === held)) select.value = held;
    };
    choices(this.floor, [["01", say(texts.floor_01)], ["02", say(texts.floor_02)], ["own", say(texts.floor_own)]]);
    this.floor.value = this.choice.floor;
    choices(this.kind, [["candidate", say(texts.candidates)], ["facility", say(texts.facilities)], ["chosen", say(texts.chosen)]]);
    const levels = Object.keys(this.engine.levels);
    const first = ["street", "community"].find((key) => levels.includes(key)) || levels[0];
    const order = [first, ...levels.filter((key) => key !== first)];
    choices(this.level, order.map((key) => [key, levelName(key)]));
    choices(this.colours, this.drawing.choices().map((key) => {
      const [by, level] = key.split(":");
      return [key, by === "cells" ? say(texts.colour_cells) : this.say(`colour_${by}`, { level: levelName(level) })];
    }));
    this.filter.placeholder = say(texts.filter);
    this.filter.setAttribute("aria-label", say(texts.filter));
    this.kind.setAttribute("aria-label", say(texts.sites));
    this.level.setAttribute("aria-label", say(texts.places));
    this.variantName.placeholder = say(texts.variant_name);
    this.variantName.setAttribute("aria-label", say(texts.variant_name));
    this.siteFrame.setAttribute("aria-label", say(texts.sites));
    this.placeFrame.setAttribute("aria-label", say(texts.places));
    this.variantFrame.setAttribute("aria-label", say(texts.variants));
    for (const part of this.parts) if (part.speak) part.speak(this);
    this.rows = null;
    this._listPlaces();
    this._paintSites();
    this._paintVariants();
  }

  /** The choice in a line, for a sheet of paper. */
  headline() {
    const { data } = this.engine;
    const share = `${this.say("share")} ${percent(this.found.whole.share)}`;
    const { stations } = this.found.money;
    const minutes = this.say("minutes_value", { minutes: number(data.minutes[this.choice.minutes]) });
    return [this.say("now"), share, minutes, `${this.say("stations")} ${stations}`, this.colours.selectedOptions[0].textContent].join(" · ");
  }

  show() {
    this.drawing.show();
    this.refresh();
  }

  hide() {
    this.drawing.hide();
  }
}
return { View };
})();
const module_main = (() => {
const { read } = module_engine;
const { textOf } = module_packing;
const { Placing } = module_placing;
const { Proving } = module_proving;
const { Solving } = module_solving;
const { View } = module_view;
// The what-if as a tab of the panel. Its data are read when the tab is first opened, so that the map is there at once.

const HIDDEN = /^(institution|centre|station|stations|candidates|grid|circles_\w+|area_\w+|unit_\w+)$/;

let view = null;
let tools = null;
let opening = null;
// The page as it came: scripts and drawing add to it afterwards.
const skeleton = [...document.body.children].filter((node) => node.tagName !== "SCRIPT").map((node) => node.outerHTML);
const head = document.head.outerHTML;

/** The page with a reader's choice in it. @param {string} choice */
function pageWith(choice) {
  const scripts = [...document.body.querySelectorAll("script")].map((node) => {
    const type = node.type ? ` type="${node.type}"` : "";
    const id = node.id ? ` id="${node.id}"` : "";
    return `<script${type}${id}>${node.id === "siting-saved" ? choice : node.textContent}</${"script"}>`;
  });
  const language = document.documentElement.classList.contains("en") ? "en" : "zh";
  return `<!DOCTYPE html>\n<html lang="${language === "zh" ? "zh-CN" : "en"}" class="${language}">${head}<body>\n${skeleton.join("\n")}\n${scripts.join("\n")}\n</body></html>\n`;
}

function saved() {
  const text = document.getElementById("siting-saved").textContent.trim();
  return text ? JSON.parse(text) : null;
}

/** The sections of what this page holds beyond figures: a solver, a proof. */
function partsOf(data) {
  const held = document.getElementById("siting-solver");
  return [new Placing(), ...(held ? [new Solving(JSON.parse(held.textContent))] : []), ...(data.proof ? [new Proving(data.proof)] : [])];
}

async function open() {
  const held = document.getElementById("siting-what-if");
  const data = JSON.parse(held.textContent);
  const engine = await read(data);
  const { make, both, say, map, L } = tools;
  const shapes = new Map();
  for (const part of tools.data.parts) {
    for (const shape of part.shapes || []) {
      const key = shape.properties.k ? shape.properties.k.slice(0, shape.properties.k.indexOf("/")) : "";
      if (!key || !engine.levels[key]) continue;
      if (!shapes.has(key)) shapes.set(key, new Map());
      if (!shapes.get(key).has(shape.properties.k)) shapes.get(key).set(shape.properties.k, shape);
    }
  }
  view = new View(
    {
      make,
      both,
      say,
      map,
      L,
      data: tools.data,
      texts: data.texts,
      extent: tools.data.extent,
      panel: document.getElementById("what-if"),
      card: document.getElementById("what-if-card"),
      shapesOf: (key) => [...(shapes.get(key) || new Map()).values()],
      refuted: data.refuted,
      units: data.units,
      levelName: (key) => say(data.level_names[key]),
      goTo: ([lon, lat]) => map.setView([lat, lon], Math.max(map.getZoom(), 15)),
      pageWith,
    },
    engine,
    saved(),
    partsOf(data),
  );
  view.start();
  view.speak();
  return view;
}

const isOn = () => document.body.classList.contains("what-if");

function switchTo(on) {
  document.body.classList.toggle("what-if", on);
  for (const [id, chosen] of [["tab-results", !on], ["tab-what-if", on]]) {
    const tab = document.getElementById(id);
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  document.getElementById("results").hidden = on;
  document.getElementById("what-if").hidden = !on;
  document.getElementById("switches").hidden = on;
  document.getElementById("what-if-card").hidden = !on;
  tools.map.closePopup();
  tools.hide(on ? HIDDEN : null);
  tools.raise();
  if (!on) {
    if (view) view.hide();
    return;
  }
  const panel = document.getElementById("what-if");
  if (view) {
    view.show();
    return;
  }
  panel.replaceChildren(tools.make("p", "muted", tools.both(tools.texts.loading)));
  opening = opening || open();
  opening.then(
    (made) => { if (isOn()) made.show(); },
    (error) => {
      const why = String(error.message || error);
      const told = (lang) => tools.texts.failed[lang].replace("{why}", () => why);
      panel.replaceChildren(tools.make("p", "banner loud", tools.both({ zh: told("zh"), en: told("en") })));
    },
  );
}

/** @param {any} given what the page lends: make, both, say, map, L, data, texts, hide, raise */
function start(given) {
  if (!document.getElementById("tab-what-if")) return;
  tools = given;
  const tabs = ["tab-results", "tab-what-if"].map((id) => document.getElementById(id));
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => switchTo(i === 1));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      tabs[1 - i].focus();
      tabs[1 - i].click();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (!view || !isOn() || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const { target } = event;
    if (target instanceof Element && target.matches("input[type=text], input[type=search], input[type=number]")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) view.undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) view.redo();
    else return;
    event.preventDefault();
  });
  if (saved()) switchTo(true);
}

/** Say everything in the language of the page. */
function speak() {
  if (view) view.speak();
}

/** Whether a layer of the map is seen beside the reader's choice. @param {string} layer */
const keeps = (layer) => !isOn() || !HIDDEN.test(layer);

/** What a printed sheet says of the reader's choice; nothing where it shows none. */
const headline = () => (view && isOn() ? view.headline() : "");

/** For tests and benchmarks: the open view. */
const current = () => view;

/** The data of the page, which lie in it compressed. @param {string} id */
const held = async (id) => JSON.parse(await textOf(JSON.parse(document.getElementById(id).textContent).packed));
return { start, speak, keeps, headline, current, held };
})();
return module_main;
})();
