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
export function ranked(engine, choice) {
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
export function coveredToday(engine, choice) {
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
export function planOf(engine, choice, proof = {}) {
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
export function csvOf(rows) {
  const cell = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
