// Draws the features of the layers with styles, icons and popups; and the panel's switches. Texts from data only ever
// become text nodes.
"use strict";
const siting = (() => {
  const data = JSON.parse(document.getElementById("siting-data").textContent);
  const root = document.documentElement;
  const found = {};
  const titled = [];
  let map = null;
  let base = null;

  // A popup stays clear of the zoom buttons.
  const POPUP = { minWidth: 300, maxWidth: 336, autoPanPaddingTopLeft: [56, 24], autoPanPaddingBottomRight: [24, 24] };

  // Draw well beyond the screen, so that panning shows no bare edges.
  L.Renderer.prototype.options.padding = 0.4;

  const language = () => (root.classList.contains("en") ? "en" : "zh");
  const say = (pair) => pair[language()];

  function make(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function both(pair) {
    if (pair.zh === pair.en) return document.createTextNode(pair.zh);
    const part = document.createDocumentFragment();
    for (const lang of ["zh", "en"]) {
      const span = make("span", "", pair[lang]);
      span.lang = lang;
      part.append(span);
    }
    return part;
  }

  // A value of a row: a figure or text, a word of the catalogue, or a list of words.
  function value(told) {
    if (Array.isArray(told)) {
      const part = document.createDocumentFragment();
      told.forEach((item, i) => part.append(...(i ? [both({ zh: "、", en: ", " })] : []), value(item)));
      return part;
    }
    return typeof told === "object" ? both(data.texts[told.w]) : document.createTextNode(told);
  }

  function line(row) {
    const [key, before, after] = row;
    const field = data.fields[key];
    const cell = make("td", "", value(before));
    if (after !== undefined) {
      cell.append(make("span", "to", "→"), make("span", "after", value(after)));
    }
    if (field.u.zh || field.u.en) cell.append(" ", make("small", "", both(field.u)));
    const head = make("th", "", both(field));
    head.scope = "row";
    return make("tr", "", head, cell);
  }

  function measure(label, figure, unit) {
    const part = make("span", "", both(data.labels[label]), " ", make("b", "", figure));
    if (unit) part.append(" ", both(unit));
    return part;
  }

  function clause(check) {
    const source = data.clauses[check.c];
    const verdict = check.v.replace("verdict.", "");
    const head = make("p", "head", make("b", "", check.k ? value(check.k) : ""), make("span", `chip ${verdict}`, both(data.texts[check.v])));
    const figures = make("p", "figures-line");
    if (check.q) figures.append(measure("required", ((source && source.s) || "") + check.q, check.u), "　");
    if (check.p) figures.append(measure("provided", check.p, check.u), "　");
    if (check.s === "0") figures.append(both(data.labels.none_short));
    else if (check.s) figures.append(measure(source && source.s === "≤ " ? "excess" : "shortfall", check.s, check.u));
    const detail = make("p", "source");
    const details = [check.r, check.m, check.o, check.e].filter(Boolean).map(value);
    details.push(both(data.labels[check.b ? "binding" : "not_binding"]));
    details.forEach((part, i) => detail.append(...(i ? [" · "] : []), part));
    const node = make("div", `clause ${verdict}`, head, figures.childNodes.length ? figures : null, detail);
    if (check.l) node.append(make("p", "source", value(check.l)));
    if (source) {
      const cite = make("p", "source", make("b", "", source.n), " ", both(source.a), " · ", both(source.f));
      if (source.y) cite.append(" · ", both(source.y));
      const quote = make("blockquote", "", `“${source.q}”`);
      quote.lang = "zh";
      node.append(cite, quote);
      if (source.o && (source.o.zh || source.o.en)) node.append(make("p", "source", both(source.o)));
    }
    return node;
  }

  function popup(entry) {
    const kind = make("p", "kind", both(entry.k));
    if (entry.x) {
      const dot = make("i");
      dot.style.background = entry.x;
      kind.prepend(dot);
    }
    const node = make("div", "popup", kind, make("h3", "", entry.n));
    if (entry.v) node.append(make("span", `chip ${entry.v.replace("verdict.", "")}`, both(data.texts[entry.v])));
    if (entry.r.length) node.append(make("table", "", make("tbody", "", ...entry.r.map(line))));
    if (entry.c) node.append(make("h4", "", both(data.labels.clauses)), ...entry.c.map(clause));
    return node;
  }

  function label(layer, entry) {
    const tell = () => {
      const element = layer.getElement && layer.getElement();
      if (!element) return;
      const text = `${say(entry.k)} ${entry.n}`;
      element.title = text;
      element.setAttribute("aria-label", text);
    };
    layer.on("add", tell);
    titled.push(tell);
  }

  function each(feature, layer) {
    const entry = data.popups[feature.properties.k];
    if (!entry) return;
    found[feature.properties.k] = layer;
    layer.bindPopup(() => popup(entry), POPUP);
    if (!layer.setStyle) {
      label(layer, entry);
      return;
    }
    layer.bindTooltip(() => make("span", "", entry.n), { sticky: true });
    const usual = style(feature);
    layer.on("mouseover", () => layer.setStyle({ weight: 2.4, color: "#22303c", opacity: 1 }).bringToFront());
    layer.on("mouseout", () => layer.setStyle({ weight: usual.weight, color: usual.color, opacity: usual.opacity }));
  }

  function style(feature) {
    return data.styles[feature.properties.s];
  }

  function point(feature, latlng) {
    const { s, r, t } = feature.properties;
    const icon = data.icons[s];
    if (icon.label) {
      const name = L.divIcon({ className: "name", html: make("span", "", t) });
      return L.marker(latlng, { icon: name, pane: icon.pane, interactive: false, keyboard: false });
    }
    const holder = make("span");
    holder.innerHTML = icon.svg; // our own drawing, no data in it
    if (r) holder.querySelector("text").textContent = r;
    const drawn = L.divIcon({ className: `mark mark-${s}`, html: holder, iconSize: icon.size, iconAnchor: icon.anchor });
    return L.marker(latlng, { icon: drawn, pane: icon.pane, riseOnHover: true });
  }

  function draw(part) {
    const options = {
      style,
      pointToLayer: point,
      onEachFeature: each,
      pane: part.pane,
      interactive: part.interactive,
      bubblingMouseEvents: false,
      smoothFactor: 0.6,
    };
    if (part.canvas) options.renderer = L.canvas({ pane: part.pane, padding: 0.5 });
    window[part.group].addLayer(L.geoJSON({ type: "FeatureCollection", features: part.features }, options));
  }

  // Online tiles under everything else; the panel's foot names their source.
  function tiles() {
    return data.tiles ? L.tileLayer(data.tiles.url, { attribution: "", maxZoom: data.tiles.most }) : null;
  }

  // Lengths and colours that belong to figures: the page's policy lets no markup carry styles.
  function dress() {
    for (const node of document.querySelectorAll("[data-width]")) node.style.width = node.dataset.width;
    for (const node of document.querySelectorAll("[data-left]")) node.style.left = node.dataset.left;
    for (const node of document.querySelectorAll("[data-fill]")) node.style.background = node.dataset.fill;
  }

  // The cell under a click, by the fitted way from degrees to the grid.
  function cellAt(latlng) {
    const { middle, half, col, row } = data.cells.locate;
    const u = (latlng.lng - middle[0]) / half;
    const v = (latlng.lat - middle[1]) / half;
    let column = 0;
    let line_ = 0;
    let term = 0;
    for (let i = 0; i < 4; i += 1) {
      for (let j = 0; j < 4 - i; j += 1) {
        const power = u ** i * v ** j;
        column += col[term] * power;
        line_ += row[term] * power;
        term += 1;
      }
    }
    const [rows, columns] = data.cells.shape;
    const where = [Math.floor(line_), Math.floor(column)];
    if (where[0] < 0 || where[1] < 0 || where[0] >= rows || where[1] >= columns) return -1;
    return data.cells.n.indexOf(where[0] * columns + where[1]);
  }

  // Figures come rounded: nothing is rounded anew here.
  function written(figure, rule) {
    if (rule.persons && figure > 0 && figure < 1) return "<1";
    const digits = { minimumFractionDigits: rule.digits, maximumFractionDigits: rule.digits };
    return (rule.share ? figure * 100 : figure).toLocaleString("en-US", digits) + (rule.share ? "%" : "");
  }

  function cellPopup(at) {
    const { n, keys, rules, values, reason, reasons, shape, kind } = data.cells;
    const [row, col] = [Math.floor(n[at] / shape[1]), n[at] % shape[1]];
    const named = (text) => text.replace("{row}", row).replace("{col}", col);
    const rows = [];
    keys.forEach((key, i) => {
      const figure = values[i][at];
      if (figure === null) return;
      rows.push([key, written(figure, rules[i])]);
    });
    const node = popup({ n: `${row}-${col}`, k: { zh: named(kind.zh), en: named(kind.en) }, r: rows });
    node.querySelector("h3").remove();
    const why = data.texts[reasons[reason[at]]];
    if (why) node.append(make("p", "kind", both(why)));
    return node;
  }

  function speak(lang) {
    root.classList.remove("zh", "en");
    root.classList.add(lang);
    root.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = say(data.title);
    const named = [
      ["#language", "switch_language_name"],
      ["#stage", "map_name"],
      [".leaflet-control-zoom-in", "zoom_in"],
      [".leaflet-control-zoom-out", "zoom_out"],
      [".leaflet-popup-close-button", "close_popup"],
      ["#fold-panel", document.body.classList.contains("folded") ? "show_panel" : "hide_panel"],
    ];
    for (const [where, key] of named) {
      const node = document.querySelector(where);
      if (!node) continue;
      node.setAttribute("aria-label", say(data.labels[key]));
      if (node.tagName !== "MAIN") node.title = say(data.labels[key]);
    }
    titled.forEach((tell) => tell());
  }

  // Names that would lie over one another are left out until there is room.
  function declutter() {
    const kept = [];
    for (const name of document.querySelectorAll(".name span")) {
      name.style.visibility = "";
      const box = name.getBoundingClientRect();
      const hits = (other) =>
        box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
      if (kept.some(hits)) name.style.visibility = "hidden";
      else kept.push(box);
    }
  }

  function layerOf(input) {
    return input.dataset.layer === "tiles" ? base : window[data.groups[input.dataset.layer]];
  }

  function apply() {
    for (const input of document.querySelectorAll("[data-layer]")) {
      const layer = layerOf(input);
      if (!layer) continue;
      if (input.checked) map.addLayer(layer);
      else map.removeLayer(layer);
    }
  }

  function find(key) {
    const layer = found[key];
    if (!layer) return;
    const owner = document.querySelector('[data-layer="stations"]');
    if (owner && !owner.checked) owner.click();
    map.flyTo(layer.getLatLng(), Math.max(map.getZoom(), 15), { duration: 0.5 });
    map.once("moveend", () => layer.openPopup());
  }

  function start(made) {
    map = made;
    dress();
    base = tiles();
    data.parts.forEach(draw);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    map.doubleClickZoom.enable();
    for (const input of document.querySelectorAll("[data-layer]")) input.addEventListener("change", apply);
    for (const button of document.querySelectorAll("[data-find]")) {
      button.addEventListener("click", () => find(button.dataset.find));
    }
    document.getElementById("language").addEventListener("click", () => speak(language() === "zh" ? "en" : "zh"));
    document.getElementById("fold-panel").addEventListener("click", (event) => {
      const folded = document.body.classList.toggle("folded");
      event.currentTarget.setAttribute("aria-expanded", String(!folded));
      speak(language());
      map.invalidateSize();
    });
    const card = document.getElementById("card");
    const fold = document.getElementById("fold-card");
    const close = (closed) => {
      card.classList.toggle("closed", closed);
      fold.setAttribute("aria-expanded", String(!closed));
    };
    fold.addEventListener("click", () => close(!card.classList.contains("closed")));
    close(window.matchMedia("(max-width: 900px)").matches);
    L.DomEvent.disableClickPropagation(card);
    L.DomEvent.disableScrollPropagation(card);
    map.on("popupopen", (event) => {
      // Long popups scroll: the keyboard must reach them too.
      event.popup.getElement().querySelector(".leaflet-popup-content").tabIndex = 0;
      speak(language());
    });
    map.on("click", (event) => {
      const grid = document.querySelector('[data-layer="grid"]');
      if (!data.cells || !grid || !grid.checked) return;
      const at = cellAt(event.latlng);
      if (at >= 0) map.openPopup(cellPopup(at), event.latlng, POPUP);
    });
    map.on("zoomend layeradd", declutter);
    apply();
    speak(language());
    declutter();
  }

  return { data, start };
})();
