// The lines of figures that are compared: today, the plan, and the reader's choice.
import { between, number, percent, persons, UNKNOWN } from "./numbers.mjs";

const AREA = "residential_area";
export const TEN_THOUSAND = 10000;

/** An interval of whole numbers. @param {number} low @param {number} high */
export const betweenNumbers = (low, high) => between(low, high, number);

/** @param {number} yuan */
export const money = (yuan) => number(yuan / TEN_THOUSAND, 1);

/**
 * Everything that is told of a choice, worked out once.
 * @param {import("./engine.mjs").Engine} engine
 * @param {import("./state.mjs").Choice} choice
 */
export function measured(engine, choice) {
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
export const floorOf = (level, place, floor) => (floor === "own" ? level.floor[place] : floor === "01" ? 0.1 : 0.2);

/**
 * The gaps of a level added up.
 * @param {import("./engine.mjs").Engine} engine
 * @param {any} found
 * @param {string} key
 * @param {string} floor
 */
export function gapSum(engine, found, key, floor) {
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
export function linesOf(engine, choice) {
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
export function placeRows(engine, found, key, choice) {
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
