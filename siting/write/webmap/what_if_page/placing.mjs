// Stations of the reader's own, at any point of the network: they are placed, dragged, and moved by the arrow keys.
import { MOST_PLACED } from "./engine.mjs";
import { persons } from "./numbers.mjs";
import { placedAt, removed } from "./state.mjs";
import { TEN_THOUSAND } from "./figures.mjs";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// One press of a key, pixels; a way that the press does not leave is left by a longer one.
const PRESS = 16;
const LONGEST = 12;

const inRing = (ring, x, y) => {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
};

/**
 * Whether a polygon or several hold a point, by the rings that lie around it.
 * @param {any} geometry
 * @param {number} x
 * @param {number} y
 */
export function holds({ type, coordinates }, x, y) {
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
  return polygons.some((rings) => rings.filter((ring) => inRing(ring, x, y)).length % 2 === 1);
}

export class Placing {
  constructor() {
    this.after = "sites";
    this.marks = new Map();
    this.rows = new Map();
  }

  build(view) {
    const { make, L, map, data } = view.tools;
    this.view = view;
    const { engine } = view;
    this.levels = engine.streets ? Object.keys(engine.options.home) : [];
    // Without the shapes of a level nobody could say in which of its units a point lies.
    this.able = engine.streets !== null && this.levels.every((key) => view.tools.shapesOf(key).length > 0);
    if (!this.able) return view._section("placed_title", make("p", "small muted", view.text("placed_never")));
    const pane = map.createPane("what-if-placed");
    pane.style.zIndex = "640";
    this.renderer = L;
    this.excluded = data.parts.filter(({ group }) => group === "feature_group_excluded").flatMap(({ shapes }) => shapes || []);
    this.button = view._button("placed_add", () => this.add());
    this.table = make("table", "floors placed");
    this.told = make("p", "small over");
    this.told.setAttribute("role", "status");
    return view._section("placed_title", make("p", "small muted", view.text("placed_hint")), make("p", "papers", this.button), this.table, this.told);
  }

  _station(slot) {
    return this.view.choice.placed.find((each) => each.slot === slot);
  }

  _name(slot) {
    return this.view.say("placed_name", { number: slot + 1 });
  }

  // The unit of each level in which a point lies.
  _homes(lon, lat) {
    const of = (key) => this.view.tools.shapesOf(key).find(({ geometry }) => holds(geometry, lon, lat));
    return Object.fromEntries(this.levels.map((key) => [key, of(key)?.properties.k.slice(key.length + 1) ?? null]));
  }

  _at(lat, lon) {
    const place = this.view.engine.streets.snapped(lon, lat);
    return place && { lon: place[0], lat: place[1], home: this._homes(place[0], place[1]) };
  }

  add() {
    const { view } = this;
    const { map } = view.tools;
    const taken = new Set(view.choice.placed.map(({ slot }) => slot));
    const slot = Array.from({ length: MOST_PLACED }, (_, i) => i).find((i) => !taken.has(i));
    const { lat, lng } = map.getCenter();
    const at = this._at(lat, lng);
    if (slot === undefined || !at) return;
    view.choose(placedAt(view.choice, { slot, land: null, cost: null, ...at }, view.engine.optionAt(slot)));
    this.sync();
    this.marks.get(slot).getElement().focus();
  }

  /** Move a station onto the way nearest to a point; tell whether that is another place. */
  move(slot, lat, lon) {
    const { view } = this;
    const held = this._station(slot);
    const at = held && this._at(lat, lon);
    if (!at || (at.lon === held.lon && at.lat === held.lat)) return false;
    view.choose(placedAt(view.choice, { ...held, ...at }, view.engine.optionAt(slot)), `placed-${slot}`);
    return true;
  }

  remove(slot) {
    this.view.choose(removed(this.view.choice, slot, this.view.engine.optionAt(slot)));
    this.sync();
    this.button.focus();
  }

  _change(slot, change) {
    const { view } = this;
    view.choose(placedAt(view.choice, { ...this._station(slot), ...change }, view.engine.optionAt(slot)));
  }

  // --- marks on the map ---

  _mark(slot) {
    const { L } = this.view.tools;
    const { make } = this.view.tools;
    const side = window.matchMedia("(pointer: coarse)").matches ? 44 : 30;
    const icon = L.divIcon({ className: "what-if-own", html: make("b", "", String(slot + 1)), iconSize: [side, side] });
    const { lat, lon } = this._station(slot);
    const mark = L.marker([lat, lon], { icon, draggable: true, keyboard: true, pane: "what-if-placed", autoPan: true, bubblingMouseEvents: false });
    mark.on("dragstart", () => { mark.dragged = true; });
    mark.on("drag", () => {
      if (mark.waiting) return;
      mark.waiting = requestAnimationFrame(() => {
        mark.waiting = 0;
        const at = mark.getLatLng();
        if (mark.dragged) this.move(slot, at.lat, at.lng);
      });
    });
    mark.on("dragend", () => {
      mark.dragged = false;
      const at = mark.getLatLng();
      this.move(slot, at.lat, at.lng);
      this._settled(slot);
    });
    mark.bindTooltip(() => this._tip(slot), { direction: "top", offset: [0, -12] });
    mark.on("add", () => {
      const element = mark.getElement();
      element.addEventListener("keydown", (event) => this._key(slot, event));
      this._label(slot, mark);
    });
    return mark;
  }

  // The next move is another step of the history.
  _settled(slot) {
    this.view.history.kind = "";
    this.sync();
    const mark = this.marks.get(slot);
    if (mark) mark.closeTooltip();
  }

  _key(slot, event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      event.stopPropagation();
      this.remove(slot);
      return;
    }
    const way = MOVES[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const { map } = this.view.tools;
    const { lat, lon } = this._station(slot);
    const from = map.latLngToContainerPoint([lat, lon]);
    for (let times = 1; times <= LONGEST; times += 1) {
      const to = map.containerPointToLatLng(from.add([way[0] * PRESS * times, way[1] * PRESS * times]));
      if (this.move(slot, to.lat, to.lng)) break;
    }
    this.sync();
  }

  _label(slot, mark) {
    const element = mark.getElement();
    if (!element) return;
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", this.view.say("placed_move", { name: this._name(slot) }));
  }

  _tip(slot) {
    const { engine, tools } = this.view;
    return tools.make("span", "", `${this._name(slot)} −${persons(engine.gain(engine.optionAt(slot)))}`);
  }

  /** Bring the marks to where the choice has the stations. */
  sync() {
    const { view } = this;
    if (!this.able) return;
    const wanted = new Set(view.choice.placed.map(({ slot }) => slot));
    for (const [slot, mark] of this.marks) {
      if (wanted.has(slot)) continue;
      view.drawing.group.removeLayer(mark);
      this.marks.delete(slot);
    }
    for (const { slot, lat, lon } of view.choice.placed) {
      if (!this.marks.has(slot)) {
        const mark = this._mark(slot);
        this.marks.set(slot, mark);
        view.drawing.group.addLayer(mark);
      }
      const mark = this.marks.get(slot);
      if (!mark.dragged) mark.setLatLng([lat, lon]);
    }
  }

  // --- the table ---

  paint() {
    if (!this.able) return;
    const { view } = this;
    const { placed } = view.choice;
    this.sync();
    const key = `${placed.map(({ slot }) => slot).join(" ")} ${document.documentElement.lang}`;
    if (this.key !== key) this._list(key);
    for (const station of placed) this._paintRow(station);
    this.button.disabled = placed.length === MOST_PLACED;
    const names = placed.filter(({ lon, lat }) => this.excluded.some(({ geometry }) => holds(geometry, lon, lat))).map(({ slot }) => this._name(slot));
    this.told.replaceChildren(...(names.length ? [view.text("placed_excluded", { names: names.join(", ") })] : []));
  }

  _list(key) {
    const { view } = this;
    const { make } = view.tools;
    this.key = key;
    this.rows.clear();
    const { placed } = view.choice;
    this.table.hidden = placed.length === 0;
    const heads = ["name", "gain", "placed_land", "placed_cost"].map((name) => {
      const head = make("th", "", view.text(name));
      head.scope = "col";
      return head;
    });
    const rows = placed.map(({ slot }) => this._row(slot));
    this.table.replaceChildren(make("thead", "", make("tr", "", ...heads, make("td"))), make("tbody", "", ...rows));
  }

  _row(slot) {
    const { view } = this;
    const { make } = view.tools;
    const name = this._name(slot);
    const link = make("button", "link", name);
    link.type = "button";
    link.addEventListener("click", () => { const { lon, lat } = this._station(slot); view.tools.goTo([lon, lat]); });
    const head = make("th", "", link);
    head.scope = "row";
    const figure = (title, does) => {
      const input = make("input");
      Object.assign(input, { type: "number", min: 0, step: "any" });
      input.setAttribute("aria-label", `${name} ${view.say(title)}`);
      input.addEventListener("change", () => does(input.value === "" || !(Number(input.value) >= 0) ? null : Number(input.value)));
      return input;
    };
    const land = figure("placed_land", (value) => this._change(slot, { land: value }));
    const cost = figure("placed_cost", (value) => this._change(slot, { cost: value === null ? null : value * TEN_THOUSAND }));
    const gain = make("td");
    const drop = view._button("drop", () => this.remove(slot));
    drop.setAttribute("aria-label", `${view.say("drop")} ${name}`);
    this.rows.set(slot, { land, cost, gain });
    return make("tr", "", head, gain, make("td", "", land), make("td", "", cost), make("td", "does", drop));
  }

  _paintRow({ slot, land, cost }) {
    const row = this.rows.get(slot);
    const { engine } = this.view;
    row.gain.textContent = `−${persons(engine.gain(engine.optionAt(slot)))}`;
    if (document.activeElement !== row.land) row.land.value = land === null ? "" : String(land);
    if (document.activeElement !== row.cost) row.cost.value = cost === null ? "" : String(cost / TEN_THOUSAND);
  }

  speak(view) {
    if (!this.able) return;
    for (let slot = 0; slot < MOST_PLACED; slot += 1) view.engine.sites.name[view.engine.firstPlaced + slot] = this._name(slot);
    for (const [slot, mark] of this.marks) this._label(slot, mark);
    this.key = "";
  }
}
