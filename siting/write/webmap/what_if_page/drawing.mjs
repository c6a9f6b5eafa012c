// The choice on the map: cells by what changes for them, places by their figures, and a mark for each site.
import { floorOf } from "./figures.mjs";

// The most pixels of the picture of cells.
const MOST_PIXELS = 0.7e6;
const CELL = { covered: 0, new: 1, lost: 2, left: 3 };

/** @param {string} colour #rrggbb @param {number} alpha */
function abgr(colour, alpha) {
  const part = (from) => parseInt(colour.slice(from, from + 2), 16);
  return ((alpha << 24) | (part(5) << 16) | (part(3) << 8) | part(1)) >>> 0;
}

/** Column and row of the grid at a place, by the fitted cubics. @param {any} fit @param {number} lon @param {number} lat */
export function gridAt(fit, lon, lat) {
  const u = (lon - fit.middle[0]) / fit.half;
  const v = (lat - fit.middle[1]) / fit.half;
  let column = 0;
  let row = 0;
  for (let i = 0, term = 0, pu = 1; i < 4; i += 1, pu *= u) {
    for (let j = 0, power = pu; j < 4 - i; j += 1, term += 1, power *= v) {
      column += fit.col[term] * power;
      row += fit.row[term] * power;
    }
  }
  return [column, row];
}

const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
const latitude = (y) => (Math.atan(Math.exp(y)) * 360) / Math.PI - 90;

/** The cells as a picture in Web Mercator: only the pixels of cells that change are painted again. */
export class CellPicture {
  /**
   * @param {import("./engine.mjs").Engine} engine
   * @param {number[][]} extent [[south, west], [north, east]]
   * @param {Record<string, string>} colours
   */
  constructor(engine, extent, colours) {
    this.engine = engine;
    const [[south, west], [north, east]] = extent;
    const fit = engine.data.grid.locate;
    const [rows, columns] = engine.data.grid.shape;
    const [left] = gridAt(fit, west, (south + north) / 2);
    const [right] = gridAt(fit, east, (south + north) / 2);
    const [, top] = gridAt(fit, (west + east) / 2, north);
    const [, foot] = gridAt(fit, (west + east) / 2, south);
    const cells = Math.max(1, Math.abs(right - left) * Math.abs(foot - top));
    const scale = Math.max(0.5, Math.min(4, Math.sqrt(MOST_PIXELS / cells)));
    this.width = Math.max(1, Math.round(Math.abs(right - left) * scale));
    this.height = Math.max(1, Math.round(Math.abs(foot - top) * scale));
    this.bounds = extent;
    const where = new Map();
    engine.cells.forEach((number, cell) => { if (engine.whole[cell] > 0) where.set(number, cell); });
    const low = mercator(south);
    const high = mercator(north);
    const of = new Int32Array(this.width * this.height).fill(-1);
    const counts = new Uint32Array(engine.cells.length + 1);
    for (let y = 0; y < this.height; y += 1) {
      const lat = latitude(high - ((y + 0.5) / this.height) * (high - low));
      for (let x = 0; x < this.width; x += 1) {
        const [column, row] = gridAt(fit, west + ((x + 0.5) / this.width) * (east - west), lat);
        const [c, r] = [Math.floor(column), Math.floor(row)];
        if (c < 0 || r < 0 || c >= columns || r >= rows) continue;
        const cell = where.get(r * columns + c);
        if (cell === undefined) continue;
        of[y * this.width + x] = cell;
        counts[cell + 1] += 1;
      }
    }
    for (let cell = 0; cell < engine.cells.length; cell += 1) counts[cell + 1] += counts[cell];
    this.start = counts;
    this.pixel = new Uint32Array(counts[counts.length - 1]);
    const next = counts.slice();
    of.forEach((cell, i) => { if (cell >= 0) this.pixel[next[cell]++] = i; });
    this.palette = ["covered", "new", "lost", "left"].map((key) => abgr(colours[key], 200));
  }

  /** @param {HTMLCanvasElement} canvas */
  onto(canvas) {
    canvas.width = this.width;
    canvas.height = this.height;
    this.pen = canvas.getContext("2d");
    this.image = this.pen.createImageData(this.width, this.height);
    this.colours = new Uint32Array(this.image.data.buffer);
  }

  /** @param {Uint8Array} before 1 where a cell is covered today */
  paint(before, cells) {
    const { count } = this.engine;
    let [left, top, right, foot] = [this.width, this.height, -1, -1];
    for (const cell of cells) {
      const now = count[cell] > 0;
      const kind = now ? (before[cell] ? CELL.covered : CELL.new) : before[cell] ? CELL.lost : CELL.left;
      const colour = this.palette[kind];
      for (let i = this.start[cell]; i < this.start[cell + 1]; i += 1) {
        const pixel = this.pixel[i];
        this.colours[pixel] = colour;
        const x = pixel % this.width;
        const y = (pixel - x) / this.width;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > foot) foot = y;
      }
    }
    if (right >= 0) this.pen.putImageData(this.image, 0, 0, left, top, right - left + 1, foot - top + 1);
  }
}

/**
 * The class of a share: 0 to 3 by quarters, 4 where it passes, -1 without a figure.
 * @param {number} share
 * @param {number} pass
 */
export const shareClass = (share, pass) => (Number.isNaN(share) ? -1 : share >= pass - 1e-9 ? 4 : Math.max(0, Math.min(3, Math.floor(share / 0.25))));

/** The class of land: 0 for none, 1 to 4 by quarters of what is required, 5 where it is met, -1 without a figure. */
export function landClass(low, required) {
  if (Number.isNaN(low) || Number.isNaN(required) || !(required > 0)) return -1;
  if (low >= required - 1e-9 * Math.max(1, required)) return 5;
  return low <= 0 ? 0 : 1 + Math.min(3, Math.floor((low / required) * 4));
}

const openLook = (candidate, scale, colours) => ({
  radius: 7 * scale,
  color: "#ffffff",
  weight: 1.5,
  dashArray: null,
  fillColor: candidate ? colours.new : colours.open,
  fillOpacity: 1,
});

// A closed facility is dashed; a candidate that the plan chose has the plan's colour.
const closedLook = (candidate, marked, scale, colours) => ({
  radius: (candidate ? 4.5 : 6) * scale,
  color: marked ? colours.new : candidate ? "#54626e" : colours.open,
  weight: marked ? 2.5 : 1.5,
  dashArray: candidate ? null : "3 2",
  fillColor: "#ffffff",
  fillOpacity: 0.9,
});

export class Drawing {
  /**
   * @param {any} tools L, map, data of the page, texts
   * @param {import("./engine.mjs").Engine} engine
   * @param {{toggle: (site: number) => void, tip: (site: number) => Node}} does
   */
  constructor(tools, engine, does) {
    this.tools = tools;
    this.engine = engine;
    this.does = does;
    this.look = engine.data.look;
    this.colouring = "cells";
    this.before = null;
    this.planned = new Set((engine.data.plan || []).map((option) => engine.options.site[option]));
  }

  start() {
    const { L, map } = this.tools;
    for (const [name, order] of [["what-if-places", 258], ["what-if-sites", 630]]) {
      const pane = map.createPane(name);
      pane.style.zIndex = String(order);
    }
    map.getPane("what-if-places").style.pointerEvents = "none";
    this.group = L.layerGroup();
    this._cells();
    this._sites();
  }

  _cells() {
    const { L, extent } = this.tools;
    if (!this.engine.data.grid.locate) return;
    const canvas = document.createElement("canvas");
    this.picture = new CellPicture(this.engine, extent, this.look.cells);
    this.picture.onto(canvas);
    canvas.setAttribute("aria-hidden", "true");
    this.cells = L.svgOverlay(canvas, extent, { pane: "what-if-places", className: "picture-cells what-if-cells" });
  }

  _sites() {
    const { L } = this.tools;
    const { sites } = this.engine;
    // A finger needs more room than a pointer.
    const coarse = window.matchMedia("(pointer: coarse)").matches;
    const renderer = L.canvas({ pane: "what-if-sites", padding: 0.2, tolerance: coarse ? 14 : 5 });
    this.marks = sites.lon_lat.slice(0, this.engine.firstPlaced).map(([lon, lat], site) => {
      const mark = L.circleMarker([lat, lon], { renderer, pane: "what-if-sites", bubblingMouseEvents: false });
      mark.on("click", () => this.does.toggle(site));
      mark.bindTooltip(() => this.does.tip(site), { direction: "top" });
      this.group.addLayer(mark);
      return mark;
    });
  }

  // Marks are drawn again only where their state has changed.
  _mark(site) {
    const { engine, look } = this;
    const open = engine.optionsOf[site].some((option) => engine.open[option]);
    const candidate = engine.sites.kind[site] === "candidate";
    const key = `${open}`;
    const mark = this.marks[site];
    if (mark.state === key) return;
    mark.state = key;
    const scale = this.tools.map.getSize().x < 600 ? 0.75 : 1;
    const marked = this.planned.has(site) && candidate && !open;
    mark.setStyle(open ? openLook(candidate, scale, look.sites) : closedLook(candidate, marked, scale, look.sites));
    if (open) mark.bringToFront();
  }

  show() {
    this.group.addTo(this.tools.map);
    this._colour();
  }

  hide() {
    this.group.remove();
    if (this.cells) this.cells.remove();
    if (this.shapes) this.shapes.remove();
  }

  /** @param {string} key "cells", "share:LEVEL" or "land:LEVEL" */
  colourBy(key) {
    this.colouring = key;
    this._colour();
  }

  _colour() {
    const { L, map, shapesOf } = this.tools;
    if (this.shapes) this.shapes.remove();
    if (this.cells) this.cells.remove();
    this.shapes = null;
    if (this.colouring === "cells") {
      if (this.cells) this.cells.addTo(map);
      return;
    }
    const key = this.colouring.split(":")[1];
    const renderer = this.renderer || (this.renderer = L.canvas({ pane: "what-if-places", padding: 0.2 }));
    const level = this.engine.levels[key];
    const place = new Map(level.ids.map((id, i) => [`${key}/${id}`, i]));
    const features = shapesOf(key);
    this.shapes = L.geoJSON({ type: "FeatureCollection", features }, { renderer, pane: "what-if-places", interactive: false, smoothFactor: 0.6, style: { weight: 0.8, color: "#ffffff", fillOpacity: 0.75 } });
    this.shapes.eachLayer((shape) => { shape.place = place.get(shape.feature.properties.k); });
    this.shapes.addTo(map);
    if (this.found) this._places(this.found, this.choice);
  }

  _places(found, choice) {
    const [by, key] = this.colouring.split(":");
    const level = this.engine.levels[key];
    const held = found.levels[key];
    this.shapes.eachLayer((shape) => {
      const { place } = shape;
      if (place === undefined) return;
      const colour =
        by === "share"
          ? this.look.share[shareClass(held.share[place], choice.pass)] || this.look.none
          : this.look.land[landClass(held.low[place], level.basisHigh[place] * floorOf(level, place, choice.floor))] || this.look.none;
      if (shape.colour === colour) return;
      shape.colour = colour;
      shape.setStyle({ fillColor: colour });
    });
  }

  /** Take the cells that are covered now as those of today. */
  takeToday() {
    this.before = Uint8Array.from(this.engine.count, (each) => (each > 0 ? 1 : 0));
    this.whole = true;
  }

  /**
   * Draw a choice that the engine holds.
   * @param {any} found figures
   * @param {import("./state.mjs").Choice} choice
   */
  draw(found, choice) {
    const { engine } = this;
    const changed = engine.takeChanged();
    const cells = this.whole ? engine.cells.keys() : changed;
    this.whole = false;
    if (this.picture) this.picture.paint(this.before, cells);
    for (let site = 0; site < this.marks.length; site += 1) this._mark(site);
    this.found = found;
    this.choice = choice;
    if (this.shapes) this._places(found, choice);
  }

  /** The legend of the present colours: colour and text each. */
  legend() {
    const { texts } = this.tools;
    const { cells, sites, share, land, none } = this.look;
    const [by] = this.colouring.split(":");
    const rows = [];
    if (by === "cells") {
      for (const key of ["covered", "new", "lost", "left"]) rows.push([cells[key], texts[`cell_${key}`], "cell"]);
    } else if (by === "share") {
      const pass = this.choice ? this.choice.pass : this.engine.data.pass_share;
      share.forEach((colour, i) => {
        if (i < 4 && i * 0.25 >= pass) return;
        const ends = i < 4 ? `${i * 25}–${Math.round(Math.min(pass, (i + 1) * 0.25) * 100)}%` : `≥ ${Math.round(pass * 100)}%`;
        rows.push([colour, { zh: ends, en: ends }, "cell"]);
      });
      rows.push([none, texts.no_data, "cell"]);
    } else {
      land.forEach((colour, i) => {
        const ends = `${(i - 1) * 25}–${i * 25}%`;
        rows.push([colour, i === 0 ? texts.none : i === 5 ? texts.met : { zh: ends, en: ends }, "cell"]);
      });
      rows.push([none, texts.no_data, "cell"]);
    }
    rows.push([sites.new, texts.site_new, "site"], ["#ffffff", texts.site_free, "site free"], [sites.open, texts.site_open, "site"], ["#ffffff", texts.site_closed, "site closed"]);
    if (this.engine.streets) rows.push([sites.new, texts.site_own, "site own"]);
    if (this.planned.size) rows.push(["#ffffff", texts.site_planned, "site planned"]);
    return rows;
  }

  /** What may be coloured. @returns {string[]} */
  choices() {
    const { shapesOf } = this.tools;
    const keys = Object.keys(this.engine.levels).filter((key) => shapesOf(key).length);
    return ["cells", ...keys.map((key) => `share:${key}`), ...keys.map((key) => `land:${key}`)];
  }
}
