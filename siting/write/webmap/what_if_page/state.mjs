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
export function changed(choice, change) {
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
export function placedAt(choice, station, option) {
  const rest = choice.placed.filter(({ slot }) => slot !== station.slot);
  return changed(choice, { placed: [...rest, station], open: [...choice.open, option] });
}

/**
 * The choice without a station of the reader's own.
 * @param {Choice} choice
 * @param {number} slot
 * @param {number} option
 */
export const removed = (choice, slot, option) =>
  changed(choice, { placed: choice.placed.filter((each) => each.slot !== slot), open: choice.open.filter((each) => each !== option) });

/**
 * The choice with one option open or closed; another option of its site makes way.
 * @param {Choice} choice
 * @param {number} option
 * @param {boolean} open
 * @param {number[]} others the options of the same site
 */
export function turned(choice, option, open, others) {
  const rest = choice.open.filter((each) => !others.includes(each));
  return changed(choice, { open: open ? [...rest, option] : rest });
}

/** A choice by the ids of the data, as it is saved: it is read again though the rows have another order. */
export class Naming {
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
export class History {
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
export function savedText(naming, choice, variants) {
  const told = { choice: naming.told(choice), variants: variants.map(({ name, choice: of }) => ({ name, choice: naming.told(of) })) };
  return JSON.stringify(told).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
