// Checks a plan's certificate in whole numbers without limit: what siting/locate/certificate.py proves, proved again by
// a reader's own machine. See docs/methods.md.
import { fromBase64, inflated } from "./packing.mjs";

const MOST_BITS = 62;
const PRICE_BITS = 16n;
const SHARE_TOLERANCE = 1e-9;

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
 * @property {Float64Array} people of each point
 * @property {Uint32Array} start rows of sites
 * @property {Uint32Array} point
 * @property {Float64Array} seconds
 * @property {Uint8Array} kept sites that stay open
 * @property {Uint8Array} forced
 * @property {Uint8Array} forbidden
 * @property {Float64Array | null} costs
 * @property {number | null} stations
 * @property {number | null} share
 * @property {number | null} beyond seconds
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
    return { model: told.model, bits, bound: BigInt(told.bound), multipliers, prices, tree: told.tree };
  } catch (error) {
    if (error instanceof Refuted) throw error;
    throw new Refuted("unreadable");
  }
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

/** The most people who may be left out, rounded up unless people are whole. */
function roomOf(people, share) {
  if (share >= 1) return 0;
  const total = people.reduce((all, each) => all + each, 0);
  const room = total * (1 - share) + SHARE_TOLERANCE * total;
  return people.every((each) => Number.isInteger(each)) ? Math.floor(room) : room;
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
  const near = alreadyOf(problem);
  const sites = problem.start.length - 1;
  const bySite = (value) => {
    const gains = new Array(sites).fill(0n);
    for (let site = 0; site < sites; site += 1) {
      for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) gains[site] += value(i);
    }
    return gains;
  };
  const people = Array.from(problem.people);
  if (problem.model === "mclp") {
    const weight = people.map((each, i) => (near[i] < Infinity ? 0n : up(each, bits[0])));
    return multipliers.map((u) => ({
      constant: sum(weight.map((each, i) => positive(each - u[i]))),
      gain: bySite((i) => (weight[problem.point[i]] > 0n ? u[problem.point[i]] : 0n)),
    }));
  }
  if (problem.model === "lscp") return leastCost(problem, certificate, near, people, bySite);
  return median(problem, certificate, near, people, bySite);
}

/** @param {Problem} problem @param {{multipliers: bigint[][], prices: bigint[], bits: number[]}} certificate */
function leastCost(problem, { multipliers, prices, bits }, near, people, bySite) {
  const sites = problem.start.length - 1;
  const cost = Array.from({ length: sites }, (_, site) => down(problem.costs ? problem.costs[site] : 1, bits[1]));
  const weight = people.map((each) => down(each, bits[0]));
  const room = roomOf(people, problem.share);
  return multipliers.map((u, k) => {
    const paid = u.map((each, i) => (near[i] === Infinity && people[i] > 0 ? each : 0n));
    let left = 0n;
    if (problem.share < 1) {
      const most = paid.reduce((found, each) => (each > found ? each : found), 0n);
      const spared = weight.map((each) => { const found = (prices[k] * each) >> PRICE_BITS; return found < most ? found : most; });
      const units = BigInt(Math.ceil(room * 2 ** bits[0])) + 1n;
      left = sum(paid.map((each, i) => positive(each - spared[i]))) - ((-units * prices[k]) >> PRICE_BITS);
    }
    const gain = bySite((i) => paid[problem.point[i]]).map((each, site) => each - cost[site]);
    return { constant: left - sum(paid), gain };
  });
}

function median(problem, { multipliers, bits }, near, people, bySite) {
  const weight = people.map((each) => down(each, bits[0]));
  const alone = weight.map((each, i) => each * down(Math.min(near[i], problem.beyond), bits[1]));
  const pair = Array.from(problem.seconds, (each, i) => weight[problem.point[i]] * down(Math.min(each, problem.beyond), bits[1]));
  return multipliers.map((u) => ({
    constant: sum(u.map((each, i) => positive(each - alone[i]))) - sum(u),
    gain: bySite((i) => positive(u[problem.point[i]] - pair[i])),
  }));
}

/** The bound where some sites are open and only free ones may be added. */
function boundOf({ constant, gain }, opened, free, most) {
  let left = most;
  let total = constant;
  const gains = [];
  for (let site = 0; site < gain.length; site += 1) {
    if (opened[site]) {
      left -= 1;
      total += gain[site];
    } else if (free[site] && gain[site] > 0n) gains.push(gain[site]);
  }
  if (left < 0) return null;
  if (left < gains.length) gains.sort((one, other) => (one < other ? 1 : one > other ? -1 : 0)).length = left;
  return total + sum(gains);
}

/** What the tree claims to be bounded, one after the other: a set of multipliers, the open sites, the free ones. */
function* claimsOf(problem, certificate) {
  const sites = problem.start.length - 1;
  const opened = Uint8Array.from(problem.forced, (each, site) => (each && !problem.kept[site] ? 1 : 0));
  const free = new Uint8Array(sites);
  for (let site = 0; site < sites; site += 1) free[site] = problem.kept[site] || problem.forbidden[site] || opened[site] ? 0 : 1;
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
      const rest = turned(left, site, 0);
      waiting.push([node.open, turned(open, site, 1), rest], [node.closed, open, rest]);
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
      for (const each of must) more = turned(more, each, 1);
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
  const sites = problem.start.length - 1;
  const most = problem.stations === null || problem.model === "lscp" ? sites : problem.stations;
  const sign = problem.model === "mclp" ? 1n : -1n;
  const claim = sign * certificate.bound;
  const [people, other] = certificate.bits;
  const unit = 2 ** { mclp: people, lscp: other, p_median: people + other }[problem.model];
  let claims = 0;
  for (const [by, opened, free] of claimsOf(problem, certificate)) {
    claims += 1;
    if (by < 0 || by >= relaxed.length) throw new Refuted("no_set", { number: by, claim: claims });
    const found = boundOf(relaxed[by], opened, free, most);
    if (found !== null && found > claim) {
      throw new Refuted("weak", { proved: Number(sign * found) / unit, claimed: Number(certificate.bound) / unit, claim: claims });
    }
  }
  return { bound: problem.model === "lscp" ? nextSum(problem, certificate) : Number(certificate.bound) / unit, claims };
}

/**
 * The least possible sum of whole costs that is not below the bound.
 * @param {Problem} problem
 * @param {{bound: bigint, bits: number[]}} certificate
 */
function nextSum(problem, certificate) {
  const bits = BigInt(certificate.bits[1]);
  const costs = problem.costs ? Array.from(problem.costs) : [1];
  if (!costs.every((each) => Number.isInteger(each))) return Number(certificate.bound) / 2 ** certificate.bits[1];
  const divisor = (one, other) => (other ? divisor(other, one % other) : one);
  const step = BigInt(Math.max(1, costs.reduce(divisor, 0)));
  const unit = step << bits;
  const times = certificate.bound <= 0n ? -(-certificate.bound / unit) : (certificate.bound + unit - 1n) / unit;
  return Number(times * step);
}

/**
 * The objective of the plan's own sites, from the problem alone.
 * @param {Problem} problem
 * @param {number[]} chosen
 */
export function valueOf(problem, chosen) {
  const near = alreadyOf(problem);
  const without = near.slice();
  const open = new Set(chosen);
  const forced = Array.from(problem.forced).every((each, site) => !each || problem.kept[site] || open.has(site));
  const allowed = chosen.every((site) => !problem.kept[site] && !problem.forbidden[site]);
  if (!forced || !allowed || (problem.stations !== null && chosen.length > problem.stations)) throw new Refuted("breaks_rules");
  for (const site of chosen) {
    for (let i = problem.start[site]; i < problem.start[site + 1]; i += 1) near[problem.point[i]] = Math.min(near[problem.point[i]], problem.seconds[i]);
  }
  const people = Array.from(problem.people);
  const total = (of) => people.reduce((all, each, i) => all + of(each, i), 0);
  if (problem.model === "mclp") return total((each, i) => (near[i] < Infinity && without[i] === Infinity ? each : 0));
  if (problem.model === "lscp") {
    if (total((each, i) => (near[i] === Infinity ? each : 0)) > roomOf(people, problem.share)) throw new Refuted("misses_share");
    return problem.costs ? chosen.reduce((all, site) => all + problem.costs[site], 0) : chosen.length;
  }
  return total((each, i) => each * Math.min(near[i], problem.beyond));
}
