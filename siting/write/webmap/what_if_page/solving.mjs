// Solving in the page: HiGHS as WebAssembly in a worker of its own, so that nothing is fetched and nothing stops meanwhile.
import { number, percent, persons } from "./numbers.mjs";
import { bytesOf, inflated, textOf } from "./packing.mjs";
import { coveredToday } from "./plan.mjs";
import { programOf } from "./solver.mjs";
import { changed } from "./state.mjs";

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
export function readAnswer(engine, program, goal, answer, choice) {
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
export class Solving {
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
