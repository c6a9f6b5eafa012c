// Measures any choice of sites as the library's check does: people in whole numbers, so that sums do not depend on the
// order of edits; land by the same sums. See docs/methods.md, definitions 2, 3, 5 and 10.
import { arraysOf, bytesOf, climbed, inflated, startsOf } from "./packing.mjs";
import { Streets } from "./walking.mjs";

const TOLERANCE = 1e-9;
const AREA = "residential_area";
const SHARING = "community";
/** The floors that always stand side by side, m² per person. */
export const FLOORS = { "01": 0.1, "02": 0.2 };
/** How many stations of the reader's own may stand beside one another. */
export const MOST_PLACED = 30;
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
export function atLeast(required, low, high, most) {
  if (low >= most - slack(most)) return "met";
  return high < required - slack(required) ? "gap" : "no_data";
}

/**
 * The largest power of two by which whole numbers of a sum stay exact.
 * @param {number} total
 */
export const unitOf = (total) => 2 ** (51 - Math.max(0, Math.ceil(Math.log2(total + 1))));

const unlimited = (value) => (value === -1 ? Infinity : value === null ? NaN : value);

/**
 * Data of the page with their arrays.
 * @param {any} data
 */
export async function read(data) {
  const arrays = async ({ arrays: listed, bytes }) => arraysOf(listed, await inflated(bytesOf(bytes)));
  const streets = data.streets ? new Streets(data.streets, await arrays(data.streets.packed)) : null;
  return new Engine(data, await arrays(data.packed), streets);
}

export class Engine {
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
