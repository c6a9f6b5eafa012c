// Names on the map: the important first, none over another, as many as there is room for.
"use strict";
const sitingLabels = (() => {
  // Tried in turn, in pixels: the place itself, then a little beside it; names of sites stand clear of their marks.
  const SHIFTS = { site: [21, -23], area: [0, -16, 16, -30, 30] };
  const ASIDE = [0, -24, 24, -40, 40];
  const SIZES = { district: 14, street: 13, community: 11.5, facility: 11.5 };
  const HEIGHT = 18;
  const GAP = 3;

  const meet = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

  const Names = L.Layer.extend({
    initialize(pen) {
      this._pen = pen;
      this._groups = [];
    },

    // Names of a layer, [lat, lng, text] each: the smaller the rank, the sooner they are placed; with `from` only from
    // that zoom on.
    put(group, names) {
      this._groups.push([group, names]);
    },

    onAdd(map) {
      this._map = map;
      // While the map zooms, names would stand where they were.
      map.on("zoomstart", () => {
        this._zooming = true;
        map.getPane("names").replaceChildren();
      });
      map.on("zoomend moveend", () => { this._zooming = false; });
      map.on("zoomend moveend resize layeradd layerremove", this._later, this);
      this.place();
    },

    _later() {
      cancelAnimationFrame(this._asked);
      this._asked = requestAnimationFrame(() => this.place());
    },

    _width(text, size) {
      this._pen.font = `700 ${size}px ${getComputedStyle(document.body).fontFamily}`;
      return this._pen.measureText(text).width + text.length * 0.08 * size;
    },

    place() {
      if (this._zooming) return;
      const map = this._map;
      const view = map.getSize();
      const kept = [];
      const marks = this._marks();
      const shown = document.createDocumentFragment();
      const seen = this._groups.filter(([group, { from }]) => map.hasLayer(group) && map.getZoom() >= (from || 0));
      seen.sort((one, other) => one[1].rank - other[1].rank);
      for (const [, { kind, names }] of seen) {
        for (const [lat, lng, text] of names) {
          const point = map.latLngToContainerPoint([lat, lng]);
          if (point.x < 0 || point.y < 0 || point.x > view.x || point.y > view.y) continue;
          const half = this._width(text, SIZES[kind]) / 2 + GAP;
          const shifts = SHIFTS[kind === "facility" ? "site" : "area"];
          // Clear of the marks if there is room, otherwise only of the other names.
          const box =
            this._room(point, half, shifts, [...kept, ...marks], view) || this._room(point, half, shifts, kept, view);
          if (!box) continue;
          kept.push(box);
          shown.append(this._draw(text, kind, box));
        }
      }
      map.getPane("names").replaceChildren(shown);
    },

    _marks() {
      const frame = this._map.getContainer().getBoundingClientRect();
      return [...document.querySelectorAll(".leaflet-facilities-pane svg, .leaflet-stations-pane svg")].map((mark) => {
        const box = mark.getBoundingClientRect();
        return { left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top };
      });
    },

    _room(point, half, shifts, kept, view) {
      for (const aside of ASIDE) {
        for (const shift of shifts) {
          const x = Math.min(Math.max(point.x + aside, half), Math.max(view.x - half, half));
          const y = point.y + shift;
          const box = { left: x - half, right: x + half, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2, x, y };
          if (!kept.some((other) => meet(box, other))) return box;
        }
      }
      return null;
    },

    _draw(text, kind, box) {
      const node = document.createElement("div");
      node.className = `name name-${kind}`;
      const span = document.createElement("span");
      span.textContent = text;
      node.append(span);
      L.DomUtil.setPosition(node, this._map.containerPointToLayerPoint([box.x, box.y]).round());
      return node;
    },
  });

  return { names: () => new Names(document.createElement("canvas").getContext("2d")) };
})();
