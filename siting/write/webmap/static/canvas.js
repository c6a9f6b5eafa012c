// Polygons and lines on a few canvases: a browser without a graphics card drops layers where many full-size pictures lie
// over one another. Each canvas keeps its shapes in the order of their levels, whatever is switched on last.
"use strict";
const sitingCanvas = (() => {
  // The most pixels of one canvas, the margin around the screen included.
  const MOST_PIXELS = 12e6;

  const Ordered = L.Canvas.extend({
    _initPath(layer) {
      L.Canvas.prototype._initPath.call(this, layer);
      this._sink(layer._order);
    },

    _bringToFront(layer) {
      const order = layer._order;
      if (!order || !order.next || order.next.layer.options.level > layer.options.level) return;
      this._unlink(order);
      this._append(order);
      this._sink(order);
      this._requestRedraw(layer);
    },

    _unlink(order) {
      if (order.next) order.next.prev = order.prev;
      else this._drawLast = order.prev;
      if (order.prev) order.prev.next = order.next;
      else this._drawFirst = order.next;
    },

    _append(order) {
      order.prev = this._drawLast;
      order.next = null;
      if (this._drawLast) this._drawLast.next = order;
      else this._drawFirst = order;
      this._drawLast = order;
    },

    // Move the last shape below all shapes of higher levels.
    _sink(order) {
      let at = order.prev;
      while (at && at.layer.options.level > order.layer.options.level) at = at.prev;
      if (at === order.prev) return;
      this._unlink(order);
      const next = at ? at.next : this._drawFirst;
      order.prev = at;
      order.next = next;
      next.prev = order;
      if (at) at.next = order;
      else this._drawFirst = order;
    },
  });

  // The topmost canvas takes the pointer, for itself and for those under it.
  const Topmost = Ordered.extend({
    below: [],

    _under(event, clicked) {
      const point = this._map.mouseEventToLayerPoint(event);
      let hit = null;
      for (const canvas of [...this.below, this]) {
        for (let order = canvas._drawFirst; order; order = order.next) {
          const { layer } = order;
          if (!layer.options.interactive || !layer._containsPoint(point)) continue;
          if (clicked && this._map._draggableMoved(layer)) continue;
          hit = layer;
        }
      }
      return hit;
    },

    _onClick(event) {
      const hit = this._under(event, event.type === "click" || event.type === "preclick");
      this._fireEvent(hit ? [hit] : false, event);
    },

    _handleMouseHover(event) {
      if (this._mouseHoverThrottled) return;
      const hit = this._under(event, false);
      if (hit !== this._hoveredLayer) {
        this._handleMouseOut(event);
        if (hit) {
          L.DomUtil.addClass(this._container, "leaflet-interactive");
          this._fireEvent([hit], event, "mouseover");
          this._hoveredLayer = hit;
        }
      }
      this._fireEvent(this._hoveredLayer ? [this._hoveredLayer] : false, event);
      this._mouseHoverThrottled = true;
      setTimeout(() => { this._mouseHoverThrottled = false; }, 32);
    },
  });

  // How far a canvas reaches beyond the screen: panning shows no bare edges, and large screens stay within memory.
  function padding(map) {
    const { x, y } = map.getSize();
    const scale = L.Browser.retina ? 2 : 1;
    const room = Math.sqrt(MOST_PIXELS / Math.max(1, x * y * scale * scale));
    return Math.min(0.4, Math.max(0.05, (room - 1) / 2));
  }

  // One canvas for each pane, from the bottom up; the last one takes the pointer.
  function stack(map, panes) {
    const drawn = {};
    panes.forEach((pane, i) => {
      const last = i === panes.length - 1;
      const Kind = last ? Topmost : Ordered;
      drawn[pane] = new Kind({ pane, padding: padding(map) });
      if (last) drawn[pane].below = panes.slice(0, -1).map((name) => drawn[name]);
    });
    map.on("resize", () => {
      for (const pane of panes) drawn[pane].options.padding = padding(map);
    });
    return drawn;
  }

  // A hatch as the fill of a shape.
  function hatch(line, ground) {
    const side = 10;
    const tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const pen = tile.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = line;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift - 1, side + 1);
      pen.lineTo(shift + side + 1, -1);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  return { stack, hatch };
})();
