// Checks a plan's certificate in whole numbers without limit: what siting/locate/certificate.py proves, proved again by
// a reader's own machine. See docs/methods.md.
import { fromBase64, inflated } from "./packing.mjs";

const MOST_BITS = 62;
const PRICE_BITS = 16n;
const MONEY_BITS = 40;
const SHARE_TOLERANCE = 1e-9;
const BUDGET_TOLERANCE = 1e-12;

/** Why a certificate proves nothing: a key of the texts, its figures, and the claim of the tree at which it fails. */
export class Refuted extends Error {
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
export async function readCertificate(told) {
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
export function check(problem, certificate) {
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
export function valueOf(problem, chosen, served = null) {
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
