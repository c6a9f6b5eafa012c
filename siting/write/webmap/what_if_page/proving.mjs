// The proof of the plan, made again on the reader's machine: nothing of what found the plan is used.
import { number, percent } from "./numbers.mjs";
import { arraysOf, bytesOf, climbed, inflated, startsOf } from "./packing.mjs";
import { check, readCertificate, Refuted, valueOf } from "./proof.mjs";

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
export async function problemOf(told) {
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
export function sameData(engine, told, problem) {
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
export async function verify(engine, told) {
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
export class Proving {
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
