// The panel of the what-if: a choice is made here or on the map, and every figure follows at once.
import { linesOf, measured, money, placeRows, TEN_THOUSAND } from "./figures.mjs";
import { number, percent, persons } from "./numbers.mjs";
import { csvOf, planOf, ranked } from "./plan.mjs";
import { changed, History, Naming, savedText, turned } from "./state.mjs";
import { Drawing } from "./drawing.mjs";

const MOST_PLACES = 400;

/** Set a text only where it differs: the browser then lays out nothing again. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export class View {
  /**
   * @param {any} tools of the page
   * @param {import("./engine.mjs").Engine} engine
   * @param {any} saved what a saved page holds, or null
   * @param {any[]} [parts] further sections
   */
  constructor(tools, engine, saved, parts = []) {
    this.tools = tools;
    this.engine = engine;
    this.naming = new Naming(engine);
    const { data } = engine;
    /** @type {import("./state.mjs").Choice} */
    const first = {
      open: data.plan || data.today,
      placed: [],
      pinned: [],
      minutes: data.own,
      floor: "02",
      pass: data.pass_share,
      stations: data.request.stations ?? null,
      budget: data.request.budget_cny ?? null,
      weights: data.groups.map(({ weight }) => weight),
    };
    this.base = changed(first, {});
    const choice = saved ? this.naming.read(saved.choice, this.base) : this.base;
    this.history = new History(choice);
    this.variants = saved ? saved.variants.map(({ name, choice: of }) => ({ name, choice: this.naming.read(of, this.base) })) : [];
    this.sorted = { column: "order", up: true };
    this.drawing = new Drawing(tools, engine, { toggle: (site) => this.toggle(site), tip: (site) => this._tip(site) });
    this.solved = null;
    this.parts = parts;
    // What is fixed matters to the solver alone.
    this.pins = parts.some((part) => part.pins);
  }

  get choice() {
    return this.history.choice;
  }

  start() {
    this.drawing.start();
    this._build();
    this.refresh();
  }

  text(key, values = {}) {
    const { texts, both } = this.tools;
    const told = (lang) =>
      texts[key][lang].split(/\{(\w+)\}/).map((part, i) => (i % 2 ? (typeof values[part] === "object" ? values[part][lang] : values[part]) : part)).join("");
    return both({ zh: told("zh"), en: told("en") });
  }

  say(key, values = {}) {
    const { say, texts } = this.tools;
    return say(texts[key]).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part)).join("");
  }

  // --- edits ---

  edit(change, kind = "") {
    this.choose(changed(this.choice, change), kind);
  }

  /** @param {import("./state.mjs").Choice} choice @param {string} [kind] steps of one kind in a row are one */
  choose(choice, kind = "") {
    this.history.push(choice, kind);
    this.solved = null;
    this.refresh();
  }

  /** Open a site that is closed, close one that is open. @param {number} site */
  toggle(site) {
    const { engine } = this;
    const rows = engine.optionsOf[site];
    const open = rows.find((option) => engine.open[option]);
    if (engine.sites.locked.includes(site)) return;
    this.choose(turned(this.choice, open ?? rows[0], open === undefined, rows));
  }

  undo() {
    this.history.undo();
    this.solved = null;
    this.refresh();
  }

  redo() {
    this.history.redo();
    this.solved = null;
    this.refresh();
  }

  // --- building ---

  _button(key, does, className = "") {
    const { make } = this.tools;
    const button = make("button", className, this.text(key));
    button.type = "button";
    button.addEventListener("click", does);
    return button;
  }

  _section(key, ...children) {
    const { make } = this.tools;
    return make("section", "", make("h2", "", this.text(key)), ...children);
  }

  _build() {
    const { make, panel } = this.tools;
    this.lead = make("p", "big", "");
    this.bar = make("div", "bar");
    this.undoing = this._button("undo", () => this.undo());
    this.redoing = this._button("redo", () => this.redo());
    const resets = [this._button("reset_today", () => this.edit({ open: this.engine.data.today, placed: [] }))];
    if (this.engine.data.plan) resets.push(this._button("reset_plan", () => this.edit({ open: this.engine.data.plan, placed: [] })));
    this.over = make("p", "small over");
    this.over.setAttribute("role", "status");
    const head = make("div", "what-if-head", make("h2", "", (this.title = make("span"))), this.lead, this.bar, make("p", "papers", this.undoing, this.redoing, ...resets), this.over);
    panel.replaceChildren(head, this._compared(), this._settings(), ...this.more("settings"), this._sites(), ...this.more("sites"), this._places(), this._funding(), this._variants(), this._files(), this._notes());
    this._card();
  }

  /** Further sections, by what they follow; the solver and the proof add theirs. @param {string} after */
  more(after) {
    return this.parts.filter((part) => part.after === after).map((part) => part.build(this));
  }

  _compared() {
    const { make } = this.tools;
    this.compared = make("table", "floors compared");
    return this._section("figures", this.compared);
  }

  _settings() {
    const { make } = this.tools;
    const { data } = this.engine;
    const row = (key, control, output, values = {}) => {
      const label = make("label", "", this.text(key, values));
      label.htmlFor = control.id;
      return make("div", "setting", label, control, output);
    };
    const range = (id, min, max, step, does) => {
      const input = make("input");
      Object.assign(input, { type: "range", id, min, max, step });
      input.addEventListener("input", () => does(Number(input.value)));
      return input;
    };
    const figure = (id, does, scale = 1) => {
      const input = make("input");
      Object.assign(input, { type: "number", id, min: 0, step: 1 });
      input.addEventListener("change", () => does(input.value === "" ? null : Math.max(0, Number(input.value)) * scale));
      return input;
    };
    this.minutes = range("what-if-minutes", 0, data.minutes.length - 1, 1, (minutes) => this.edit({ minutes }, "minutes"));
    this.minutesTold = make("output");
    this.pass = range("what-if-pass", 0.05, 1, 0.05, (pass) => this.edit({ pass: Math.round(pass * 100) / 100 }, "pass"));
    this.passTold = make("output");
    this.floor = make("select");
    this.floor.id = "what-if-floor";
    this.floor.addEventListener("change", () => this.edit({ floor: this.floor.value }));
    this.weights = data.groups.map(({ name }, i) => {
      const input = figure(`what-if-weight-${i}`, (weight) => this.edit({ weights: this.choice.weights.map((each, j) => (i === j ? Math.min(1e6, Math.max(0.001, weight ?? 1)) : each)) }));
      Object.assign(input, { step: "any", min: 0.001 });
      return { name, input };
    });
    // Of a part of a station nothing can be built.
    this.stations = figure("what-if-stations", (stations) => this.edit({ stations: stations === null ? null : Math.floor(stations) }));
    this.budget = figure("what-if-budget", (budget) => this.edit({ budget }), TEN_THOUSAND);
    return this._section("settings", row("minutes", this.minutes, this.minutesTold), row("floor", this.floor), row("pass", this.pass, this.passTold), row("most_stations", this.stations), row("budget", this.budget), ...this.weights.map(({ name, input }) => row("weight", input, null, { name })));
  }

  _sites() {
    const { make } = this.tools;
    this.filter = make("input");
    Object.assign(this.filter, { type: "search", id: "what-if-filter", autocomplete: "off" });
    this.filter.addEventListener("input", () => this._listSites());
    this.kind = make("select");
    this.kind.id = "what-if-kind";
    this.kind.addEventListener("change", () => this._listSites());
    this.siteTable = make("table", "");
    this.siteTable.id = "what-if-sites";
    const frame = make("div", "places", this.siteTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.siteFrame = frame;
    return this._section("sites", make("p", "small muted", this.text("sites_hint")), make("p", "papers", this.kind, this.filter), frame);
  }

  _places() {
    const { make } = this.tools;
    this.level = make("select");
    this.level.id = "what-if-level";
    this.level.addEventListener("change", () => this._listPlaces());
    this.placeTable = make("table");
    this.placeTable.id = "what-if-places";
    const frame = make("div", "places", this.placeTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.placeFrame = frame;
    return this._section("places", this.level, frame);
  }

  _funding() {
    const { make } = this.tools;
    this.lines = make("ul", "small");
    return this._section("funding", this.lines);
  }

  _variants() {
    const { make } = this.tools;
    this.variantName = make("input");
    Object.assign(this.variantName, { type: "text", id: "what-if-variant", maxLength: 200, autocomplete: "off" });
    this.variantTable = make("table", "floors variants");
    const frame = make("div", "places wide", this.variantTable);
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    this.variantFrame = frame;
    return this._section("variants", make("p", "papers", this.variantName, this._button("keep", () => this.keep())), frame);
  }

  _files() {
    const { make } = this.tools;
    this.minutesNote = make("p", "small over");
    return this._section("files", make("p", "papers", this._button("save", () => this.save()), this._button("export_plan", () => this.exportPlan()), this._button("export_csv", () => this.exportTables())), this.minutesNote);
  }

  _notes() {
    const { make } = this.tools;
    const { data } = this.engine;
    const notes = [];
    if (data.plan_unshown) notes.push(this.text("plan_unshown"));
    if (data.unsaid.length) notes.push(this.text("unsaid", { count: data.unsaid.length }));
    if (!data.complete) notes.push(this.text("incomplete"));
    return make("div", "", ...notes.map((note) => make("p", "small muted", note)));
  }

  _card() {
    const { make, card } = this.tools;
    this.colours = make("select");
    this.colours.id = "what-if-colours";
    this.colours.addEventListener("change", () => {
      this.drawing.colourBy(this.colours.value);
      this._legend();
    });
    this.colourLabel = make("label", "caption", this.text("colour"));
    this.colourLabel.htmlFor = this.colours.id;
    this.legendList = make("ul", "");
    card.replaceChildren(this.colourLabel, this.colours, make("div", "samples fixed", this.legendList));
  }

  // --- painting ---

  /** Measure the choice and paint every figure. */
  refresh() {
    const { engine, choice } = this;
    engine.set(choice.open, choice.minutes, choice.placed, choice.weights);
    this.found = measured(engine, choice);
    this._baselines();
    this._paint();
    this.drawing.draw(this.found, choice);
    if (this.later) cancelAnimationFrame(this.later);
    // What lies below the fold follows in the next frame.
    this.later = requestAnimationFrame(() => { this.later = 0; this._paintMore(); });
  }

  // Today and the plan at the same minutes and shares, worked out again only where these have changed.
  _baselines() {
    const { engine, choice } = this;
    const key = JSON.stringify([choice.minutes, choice.pass, choice.weights]);
    if (this.baseKey === key) return;
    this.baseKey = key;
    const of = (open) => {
      engine.set(open, choice.minutes);
      return measured(engine, choice);
    };
    this.today = of(engine.data.today);
    if (this.drawnMinutes !== choice.minutes) this.drawing.takeToday();
    this.drawnMinutes = choice.minutes;
    this.plan = engine.data.plan ? of(engine.data.plan) : null;
    engine.set(choice.open, choice.minutes);
  }

  _paint() {
    const { make, both, texts } = this.tools;
    const { choice, found } = this;
    const minutes = number(this.engine.data.minutes[choice.minutes]);
    this.title.replaceChildren(this.text("lead", { minutes }));
    const chip = (className, told, key) => [make("b", className, percent(told.whole.share)), " ", make("small", "", both(texts[key]))];
    this.lead.replaceChildren(...chip("now", found, "now"), " ", ...chip("before", this.today, "today"), ...(this.plan ? [" ", ...chip("after", this.plan, "plan")] : []));
    const line = (className, share, tag = "i") => {
      const node = make(tag, className);
      const at = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
      if (tag === "i") node.style.width = at;
      else node.style.left = at;
      return node;
    };
    this.bar.replaceChildren(line("now", found.whole.share), line("at-today", this.today.whole.share, "u"), ...(this.plan ? [line("at-plan", this.plan.whole.share, "u")] : []), line("at-pass", choice.pass, "u"));
    this.undoing.disabled = !this.history.canUndo;
    this.redoing.disabled = !this.history.canRedo;
    this._paintOver();
    this._paintCompared();
    this.minutes.value = String(choice.minutes);
    this.minutes.setAttribute("aria-valuetext", this.say("minutes_value", { minutes }));
    this.minutesTold.replaceChildren(this.text("minutes_value", { minutes }));
    this.pass.value = String(choice.pass);
    put(this.passTold, percent(choice.pass, 0));
    this.floor.value = choice.floor;
    this.weights.forEach(({ input }, i) => { if (document.activeElement !== input) input.value = String(choice.weights[i]); });
    if (document.activeElement !== this.stations) this.stations.value = choice.stations === null ? "" : String(choice.stations);
    if (document.activeElement !== this.budget) this.budget.value = choice.budget === null ? "" : String(choice.budget / TEN_THOUSAND);
  }

  _paintOver() {
    const { choice, found } = this;
    const told = [];
    const { stations, cost, unknown } = found.money;
    const most = this.engine.mostNew(choice);
    if (most !== null && stations > most) told.push(this.text("over_stations", { count: stations - most }));
    if (choice.budget !== null && cost > choice.budget) told.push(this.text("over_budget", { amount: money(cost - choice.budget) }));
    if (unknown) told.push(this.text("cost_unknown", { count: unknown }));
    const { make } = this.tools;
    this.over.replaceChildren(...told.map((each) => make("span", "", each)));
  }

  _paintCompared() {
    const { make, both, texts } = this.tools;
    /** @type {[string, any][]} */
    const every = [["today", this.today], ["plan", this.plan], ["now", this.found]];
    const columns = every.filter(([, told]) => told !== null);
    const lines = linesOf(this.engine, this.choice);
    const key = JSON.stringify(lines.map(({ key: name, values }) => [name, values]));
    if (this.comparedKey !== key) {
      this.comparedKey = key;
      const heads = columns.map(([name]) => {
        const head = make("th", name, both(texts[name]));
        head.scope = "col";
        return head;
      });
      this.comparedCells = lines.map(() => columns.map(([name]) => make("td", name)));
      const rows = lines.map(({ key: name, values }, i) => {
        const head = make("th", "", this.text(name, values));
        head.scope = "row";
        return make("tr", "", head, ...this.comparedCells[i]);
      });
      this.compared.replaceChildren(make("thead", "", make("tr", "", make("td"), ...heads)), make("tbody", "", ...rows));
    }
    lines.forEach(({ write }, i) => columns.forEach(([, told], j) => put(this.comparedCells[i][j], told ? write(told) : "")));
  }

  _paintMore() {
    this._paintSites();
    this._paintPlaces();
    this._paintFunding();
    this._paintVariants();
    this._legend();
    for (const part of this.parts) if (part.paint) part.paint(this);
    const { data } = this.engine;
    const apart = this.choice.minutes !== data.own;
    this.minutesNote.replaceChildren(...(apart ? [this.text("other_minutes", { minutes: number(data.minutes[data.own]) })] : []));
  }

  // --- sites ---

  _listed() {
    const { sites, optionsOf, open } = this.engine;
    const asked = this.filter.value.trim().toLowerCase();
    const kind = this.kind.value;
    const found = [];
    sites.id.forEach((id, site) => {
      const opened = optionsOf[site].some((option) => open[option]);
      if (kind === "chosen" ? !(opened && sites.kind[site] === "candidate") : sites.kind[site] !== kind) return;
      if (asked && !`${sites.name[site] ?? ""} ${id}`.toLowerCase().includes(asked)) return;
      found.push(site);
    });
    return found;
  }

  _nameOf(site) {
    return this.engine.sites.name[site] ?? this.engine.sites.id[site];
  }

  _listSites() {
    const { make, both, texts } = this.tools;
    const head = (key, title) => {
      const button = make("button", "", both(texts[key]));
      button.type = "button";
      button.addEventListener("click", () => {
        this.sorted = { column: key, up: this.sorted.column === key ? !this.sorted.up : key === "name" };
        this._listSites();
      });
      if (title) button.title = this.say(title);
      const cell = make("th", "", button);
      cell.scope = "col";
      cell.setAttribute("aria-sort", this.sorted.column !== key ? "none" : this.sorted.up ? "ascending" : "descending");
      return cell;
    };
    const listed = this._inOrder(this._listed());
    this.rows = listed.map((site) => this._siteRow(site));
    const open = make("th", "", both(texts.open));
    open.scope = "col";
    const pin = make("th", "", both(texts.pin));
    pin.scope = "col";
    const columns = [open, head("name"), head("gain", "gain_hint"), head("site_cost"), ...(this.pins ? [pin] : [])];
    this.siteTable.replaceChildren(make("thead", "", make("tr", "", ...columns)), make("tbody", "", ...this.rows.map(({ node }) => node)));
    this._paintSites();
  }

  _inOrder(listed) {
    const { engine } = this;
    const { column, up } = this.sorted;
    if (column === "order") return listed;
    const way = up ? 1 : -1;
    if (column === "name") {
      const names = new Intl.Collator("zh-Hans-u-co-pinyin", { numeric: true });
      return listed.sort((one, other) => way * names.compare(this._nameOf(one), this._nameOf(other)));
    }
    const figure = (site) => {
      const option = this._optionOf(site);
      return column === "gain" ? engine.gain(option) : engine.options.cost_cny[option];
    };
    const held = new Map(listed.map((site) => [site, figure(site)]));
    return listed.sort((one, other) => way * (held.get(one) - held.get(other)) || one - other);
  }

  _optionOf(site) {
    const { optionsOf, open } = this.engine;
    return optionsOf[site].find((option) => open[option]) ?? optionsOf[site][0];
  }

  _siteRow(site) {
    const { make } = this.tools;
    const { engine } = this;
    const name = this._nameOf(site);
    const box = make("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", this.say("open_name", { name }));
    box.addEventListener("change", () => this.toggle(site));
    if (engine.sites.locked.includes(site)) {
      box.disabled = true;
      box.title = this.say("locked");
    }
    const link = make("button", "link", name);
    link.type = "button";
    link.title = engine.sites.id[site];
    link.addEventListener("click", () => this.tools.goTo(engine.sites.lon_lat[site]));
    const head = make("th", "", link);
    head.scope = "row";
    const size = engine.optionsOf[site].length > 1 ? this._sizes(site) : null;
    if (size) head.append(" ", size);
    const gain = make("td");
    const cost = make("td");
    const pin = make("input");
    pin.type = "checkbox";
    pin.setAttribute("aria-label", this.say("pin_name", { name }));
    pin.addEventListener("change", () => {
      const { pinned } = this.choice;
      this.edit({ pinned: pin.checked ? [...pinned, site] : pinned.filter((each) => each !== site) });
    });
    const cells = [make("td", "tick", box), head, gain, cost, ...(this.pins ? [make("td", "tick", pin)] : [])];
    return { site, node: make("tr", "", ...cells), box, size, gain, cost, pin };
  }

  _sizes(site) {
    const { make } = this.tools;
    const { engine } = this;
    const select = make("select", "sizes");
    select.setAttribute("aria-label", this.say("size"));
    for (const option of engine.optionsOf[site]) {
      const node = make("option", "", engine.options.size[option] ?? this.say("size_own"));
      node.value = String(option);
      select.append(node);
    }
    select.value = String(this._optionOf(site));
    select.addEventListener("change", () => {
      this.choose(turned(this.choice, Number(select.value), true, engine.optionsOf[site]));
    });
    return select;
  }

  _paintSites() {
    const { engine, choice } = this;
    if (!this.rows) {
      this._listSites();
      return;
    }
    if (this.kind.value === "chosen" && !this._same(this._listed(), this.rows)) {
      this._listSites();
      return;
    }
    const pinned = new Set(choice.pinned);
    for (const { site, node, box, size, gain, cost, pin } of this.rows) {
      const option = this._optionOf(site);
      const open = Boolean(engine.open[option]);
      box.checked = open;
      if (size) size.value = String(option);
      node.classList.toggle("current", open && engine.sites.kind[site] === "candidate");
      const figure = engine.gain(option);
      put(gain, `${open ? "−" : "+"}${persons(figure)}`);
      const yuan = engine.options.cost_cny[option];
      put(cost, engine.sites.kind[site] === "facility" && !engine.isEnlarged(option) ? "" : money(yuan));
      pin.checked = pinned.has(site);
    }
  }

  _same(sites, rows) {
    return sites.length === rows.length && new Set([...sites, ...rows.map(({ site }) => site)]).size === sites.length;
  }

  _tip(site) {
    const { make } = this.tools;
    const option = this._optionOf(site);
    const open = Boolean(this.engine.open[option]);
    return make("span", "", `${this._nameOf(site)} ${open ? "−" : "+"}${persons(this.engine.gain(option))}`);
  }

  // --- places, funding, variants ---

  _listPlaces() {
    this.placeRows = null;
    this._paintPlaces();
  }

  _paintPlaces() {
    const { make, both, texts } = this.tools;
    const key = this.level.value;
    if (!key) return;
    const rows = placeRows(this.engine, this.found, key, this.choice).slice(0, MOST_PLACES);
    const today = placeRows(this.engine, this.today, key, this.choice);
    if (!this.placeRows) {
      const heads = ["name", "place_from", "place_share", "place_gap"].map((name) => {
        const head = make("th", "", both(texts[name]));
        head.scope = "col";
        return head;
      });
      this.placeRows = rows.map(({ name }) => {
        const head = make("th", "", name);
        head.scope = "row";
        const cells = [make("td"), make("td", "strong"), make("td")];
        return { head, cells, node: make("tr", "", head, ...cells) };
      });
      this.placeTable.replaceChildren(make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...this.placeRows.map(({ node }) => node)));
    }
    rows.forEach(({ share, gap, circle, land }, i) => {
      const { head, cells } = this.placeRows[i];
      const verdict = `is-${circle ?? land}`;
      if (head.className !== verdict) head.className = verdict;
      put(cells[0], today[i].share);
      put(cells[1], share);
      put(cells[2], gap);
    });
  }

  _paintFunding() {
    const key = this.choice.open.join(" ");
    if (this.fundingKey === key) return;
    this.fundingKey = key;
    const { make } = this.tools;
    const { data } = this.engine;
    const told = this.engine.funding().map(({ clause, line, status, sites, amount, unknown }) => {
      const state = this.text(status === "eligible" ? "eligible" : status === "conditional" ? "conditional_status" : "unknown_status");
      const sum = unknown === sites ? this.text("no_amount") : this.text("amount", { amount: money(amount) });
      const name = data.clause_names[clause] || clause;
      return make("li", "", make("b", "", name), " ", this.text("funding_line", { line: data.lines[line] || line, sites }), " · ", state, " · ", sum);
    });
    this.lines.replaceChildren(...(told.length ? told : [make("li", "muted", this.text("funding_none"))]));
  }

  keep() {
    const name = this.variantName.value.trim() || this.say("variant", { number: this.variants.length + 1 });
    this.variants = [...this.variants, { name, choice: this.choice }];
    this.variantName.value = "";
    this._paintVariants();
  }

  _paintVariants() {
    const { make, both, texts } = this.tools;
    if (!this.variants.length) {
      this.variantTable.replaceChildren(make("tbody", "", make("tr", "", make("td", "muted", this.text("variants_none")))));
      this.variantKey = "";
      return;
    }
    const key = JSON.stringify([this.variants, document.documentElement.lang]);
    if (this.variantKey === key) return;
    this.variantKey = key;
    const shown = ["stations", "covered", "share", "worst", "cost", "land_gap"];
    const { engine } = this;
    const heads = shown.map((name) => {
      const head = make("th", "", name === "land_gap" ? this.text(name, { floor: "0.2" }) : both(texts[name]));
      head.scope = "col";
      return head;
    });
    const rows = this.variants.map(({ name, choice }, i) => {
      engine.set(choice.open, choice.minutes, choice.placed, choice.weights);
      const found = measured(engine, choice);
      const lines = new Map(linesOf(engine, { ...choice, floor: "02" }).map((line) => [line.key, line]));
      const cells = shown.map((column) => make("td", "", lines.has(column) ? lines.get(column).write(found) : "–"));
      const head = make("th", "", name);
      head.scope = "row";
      const load = this._button("load", () => this.edit(choice));
      const drop = this._button("drop", () => {
        this.variants = this.variants.filter((_, other) => other !== i);
        this._paintVariants();
      });
      for (const button of [load, drop]) button.setAttribute("aria-label", `${button.textContent} ${name}`);
      return make("tr", "", head, ...cells, make("td", "does", load, " ", drop));
    });
    engine.set(this.choice.open, this.choice.minutes, this.choice.placed, this.choice.weights);
    this.variantTable.replaceChildren(make("thead", "", make("tr", "", make("td"), ...heads, make("td"))), make("tbody", "", ...rows));
  }

  _legend() {
    const key = `${this.drawing.colouring} ${this.choice.pass}`;
    if (this.legendKey === key) return;
    this.legendKey = key;
    const { make, both } = this.tools;
    const rows = this.drawing.legend().map(([colour, label, kind]) => {
      const dot = make("i", `dot ${kind}`);
      dot.style.backgroundColor = colour;
      return make("li", "", dot, both(label));
    });
    this.legendList.replaceChildren(...rows);
  }

  // --- files ---

  _download(name, type, text) {
    const { make } = this.tools;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  save() {
    this._download("what-if.html", "text/html", this.tools.pageWith(savedText(this.naming, this.choice, this.variants)));
  }

  /** The plan of the choice; its proof is that of the solver, while nothing has changed since. */
  planned() {
    return planOf(this.engine, this.choice, this.solved ?? {});
  }

  exportPlan() {
    this._download("plan.geojson", "application/geo+json", `${JSON.stringify(this.planned())}\n`);
  }

  exportTables() {
    const { engine, choice } = this;
    const { stations } = ranked(engine, choice);
    const header = ["export_rank", "export_site", "name", "export_new", "cost"].map((key) => this.say(key));
    const rows = stations.map(({ option, gain }, i) => {
      const site = engine.options.site[option];
      return [i + 1, engine.sites.id[site], this._nameOf(site), Number(gain.toFixed(6)), engine.options.cost_cny[option] / TEN_THOUSAND];
    });
    const units = [];
    for (const key of Object.keys(engine.levels)) {
      for (const row of placeRows(engine, this.found, key, choice)) units.push([this.tools.levelName(key), row.id, row.name, row.covered, row.share, row.gap]);
    }
    const under = ["export_level", "export_site", "export_place", "covered", "place_share", "place_gap"].map((key) => this.say(key));
    const compared = linesOf(engine, choice).map(({ key, values, write }) => [this.say(key, values), write(this.today), ...(this.plan ? [write(this.plan)] : []), write(this.found)]);
    const columns = ["", this.say("today"), ...(this.plan ? [this.say("plan")] : []), this.say("now")];
    this._download("what-if.csv", "text/csv", csvOf([columns, ...compared, [], header, ...rows, [], under, ...units]));
  }

  // --- language ---

  speak() {
    const { make, say, texts, levelName } = this.tools;
    const choices = (select, listed) => {
      const held = select.value;
      select.replaceChildren(...listed.map(([value, told]) => {
        const option = make("option", "", told);
        option.value = value;
        return option;
      }));
      if (listed.some(([value]) => value === held)) select.value = held;
    };
    choices(this.floor, [["01", say(texts.floor_01)], ["02", say(texts.floor_02)], ["own", say(texts.floor_own)]]);
    this.floor.value = this.choice.floor;
    choices(this.kind, [["candidate", say(texts.candidates)], ["facility", say(texts.facilities)], ["chosen", say(texts.chosen)]]);
    const levels = Object.keys(this.engine.levels);
    const first = ["street", "community"].find((key) => levels.includes(key)) || levels[0];
    const order = [first, ...levels.filter((key) => key !== first)];
    choices(this.level, order.map((key) => [key, levelName(key)]));
    choices(this.colours, this.drawing.choices().map((key) => {
      const [by, level] = key.split(":");
      return [key, by === "cells" ? say(texts.colour_cells) : this.say(`colour_${by}`, { level: levelName(level) })];
    }));
    this.filter.placeholder = say(texts.filter);
    this.filter.setAttribute("aria-label", say(texts.filter));
    this.kind.setAttribute("aria-label", say(texts.sites));
    this.level.setAttribute("aria-label", say(texts.places));
    this.variantName.placeholder = say(texts.variant_name);
    this.variantName.setAttribute("aria-label", say(texts.variant_name));
    this.siteFrame.setAttribute("aria-label", say(texts.sites));
    this.placeFrame.setAttribute("aria-label", say(texts.places));
    this.variantFrame.setAttribute("aria-label", say(texts.variants));
    for (const part of this.parts) if (part.speak) part.speak(this);
    this.rows = null;
    this._listPlaces();
    this._paintSites();
    this._paintVariants();
  }

  /** The choice in a line, for a sheet of paper. */
  headline() {
    const { data } = this.engine;
    const share = `${this.say("share")} ${percent(this.found.whole.share)}`;
    const { stations } = this.found.money;
    const minutes = this.say("minutes_value", { minutes: number(data.minutes[this.choice.minutes]) });
    return [this.say("now"), share, minutes, `${this.say("stations")} ${stations}`, this.colours.selectedOptions[0].textContent].join(" · ");
  }

  show() {
    this.drawing.show();
    this.refresh();
  }

  hide() {
    this.drawing.hide();
  }
}
