// Walks from any point as the library does (docs/methods.md, definition 1): the point joins the nearest way, and the
// shortest ways there and back are counted in whole ticks. See siting/travel/network.py, walks.py and kernel.py.
import { climbed, startsOf } from "./packing.mjs";

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

export class Streets {
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
