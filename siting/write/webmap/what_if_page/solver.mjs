// Which sites to open: the choice as a program for HiGHS, and what its answer means. The solver runs in a worker.

/** @typedef {import("./engine.mjs").Engine} Engine */
/** @typedef {import("./state.mjs").Choice} Choice */

/**
 * The sites that may be opened, and the people that they can still reach.
 * @param {Engine} engine that holds the choice
 * @param {Choice} choice
 */
export function askedOf(engine, choice) {
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
export function programOf(engine, choice, goal) {
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
