// Draws the features of the layers with styles, icons and popups; and the panel's switches. Texts from data only ever
// become text nodes.
"use strict";
const siting = (() => {
  const root = document.documentElement;
  const found = {};
  const titled = [];
  const names = sitingLabels.names();
  let data = null;
  let map = null;
  let base = null;
  let canvases = {};
  let hatch = null;
  let clauseChosen = "";
  let cameFrom = null;
  const coloured = [];

  const narrow = window.matchMedia("(max-width: 900px)");
  // As wide as fits beside the zoom buttons.
  const POPUP = { minWidth: 240, autoPan: false, get maxWidth() { return Math.min(336, map.getSize().x - 90); } };

  // What is clicked before the page's data are unpacked is done afterwards.
  const waiting = {
    clicks: [],
    told: document.getElementById("loading"),
    hold(event) {
      if (!event.isTrusted) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting.clicks.push(event.target);
    },
    begin() {
      document.body.setAttribute("aria-busy", "true");
      waiting.told.hidden = false;
      document.addEventListener("click", waiting.hold, true);
    },
    end() {
      document.body.removeAttribute("aria-busy");
      waiting.told.hidden = true;
      document.removeEventListener("click", waiting.hold, true);
      for (const target of waiting.clicks.splice(0)) target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    },
  };
  waiting.begin();

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
    if (told.f) return link(told.f);
    return typeof told === "object" ? both(data.texts[told.w]) : document.createTextNode(told);
  }

  // The name of another thing on the map, which leads to it.
  function link(key) {
    const entry = data.popups[key];
    const id = key.slice(key.indexOf("/") + 1);
    if (!entry) return document.createTextNode(id);
    const button = make("button", "link", entry.n);
    button.type = "button";
    button.title = id;
    button.addEventListener("click", () => find(key));
    return button;
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

  // A sentence of the catalogue with its blanks filled: texts of data enter it as text, whatever they hold.
  function fill(pair, values) {
    const told = (lang) =>
      pair[lang].split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part][lang] : part)).join("");
    return both({ zh: told("zh"), en: told("en") });
  }

  // What a clause requires, what there is, what is short and why, from the figures of the gap report.
  function why(check, source) {
    const same = (text) => ({ zh: text, en: text });
    const unit = (figure) => ({ zh: `${figure} ${check.u ? check.u.zh : ""}`.trim(), en: `${figure} ${check.u ? check.u.en : ""}`.trim() });
    const verdict = check.v.replace("verdict.", "");
    const reason = check.r ? data.texts[check.r.w] : null;
    const values = { reason: reason || same("") };
    if (!check.q || !check.p) return reason ? fill(data.why.bare, values) : null;
    values.required = unit(((source && source.s) || "") + check.q);
    values.provided = unit(check.p);
    if (verdict === "met") return fill(data.why.met, values);
    const bare = reason ? "" : "_bare";
    if (verdict !== "gap" || !check.s) return fill(data.why[`open${bare}`], values);
    values.shortfall = unit(check.s);
    return fill(data.why[`${source && source.s === "≤ " ? "over" : "gap"}${bare}`], values);
  }

  function clause(check) {
    const source = data.clauses[check.c];
    const verdict = check.v.replace("verdict.", "");
    const head = make("p", "head", make("b", "", check.k ? value(check.k) : ""), make("span", `chip ${verdict}`, both(data.texts[check.v])));
    const detail = make("p", "source");
    const details = [check.m, check.o, check.e].filter(Boolean).map(value);
    details.push(both(data.labels[check.b === null ? "binding_unsaid" : check.b ? "binding" : "not_binding"]));
    details.forEach((part, i) => detail.append(...(i ? [" · "] : []), part));
    const told = why(check, source);
    if (told && check.t) told.append(" ", value(check.t));
    const node = make("div", `clause ${verdict}`, head, told && make("p", "why", told), detail);
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
    const node = make("div", "popup", make("div", "popup-head", kind, make("h3", "", entry.n)));
    if (entry.v) node.append(make("span", `chip ${entry.v.replace("verdict.", "")}`, both(data.texts[entry.v])));
    if (entry.a) {
      const lead = make("a", "lead", both(data.lead));
      lead.href = entry.a;
      node.append(make("p", "", lead));
    }
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

  function each(feature, layer, group) {
    const { k } = feature.properties;
    const entry = data.popups[k];
    if (!entry) return;
    layer.key = k;
    (found[k] = found[k] || []).push({ layer, group });
    layer.bindPopup(() => popup(entry), POPUP);
    if (!layer.setStyle) {
      label(layer, entry);
      return;
    }
    layer.bindTooltip(() => make("span", "", entry.n), { sticky: true });
    layer.on("mouseover", () => layer.setStyle({ weight: 2.4, color: "#22303c", opacity: 1 }).bringToFront());
    layer.on("mouseout", () => layer.setStyle(style(feature)));
  }

  // The way from a residential area to its nearest facility, while its popup is open.
  const ways = {
    drawn: null,
    lines(key) {
      return Object.entries((data.ways && data.ways[key]) || {}).map(([when, c]) => {
        const { geometry } = unpack({ p: {}, t: "LineString", c });
        return L.polyline(geometry.coordinates.map(([lng, lat]) => [lat, lng]), { ...data.way_styles[when], renderer: canvases.findings, level: 9, interactive: false });
      });
    },
    show(key) {
      if (ways.drawn) ways.drawn.remove();
      const lines = ways.lines(key);
      ways.drawn = lines.length ? L.layerGroup(lines).addTo(map) : null;
    },
    // The bounds with the ways in them.
    around(key, bounds) {
      for (const line of ways.lines(key)) bounds.extend(line.getBounds());
      return bounds;
    },
  };

  // The style of a shape: of the clause by which the reader colours verdicts, otherwise its own.
  function chosen({ s, k }) {
    if (!clauseChosen || !/^(unit_)?verdict_/.test(s)) return s;
    const check = (data.popups[k].c || []).find((each) => each.c === clauseChosen);
    const of = !check ? "_not_applicable" : check.h !== undefined ? check.h : check.v.replace("verdict.", "_");
    return `${s.startsWith("unit_") ? "unit_" : ""}clause${of}`;
  }

  function style(feature) {
    const look = data.styles[chosen(feature.properties)];
    return look.hatch ? { ...look, fillColor: hatch } : look;
  }

  function point(feature, latlng) {
    const { s, r } = feature.properties;
    const icon = data.icons[s];
    const holder = make("span");
    holder.innerHTML = icon.svg; // our own drawing, no data in it
    if (r) holder.querySelector("text").textContent = r;
    const drawn = L.divIcon({ className: `mark mark-${s}`, html: holder, iconSize: icon.size, iconAnchor: icon.anchor });
    return L.marker(latlng, { icon: drawn, pane: icon.pane, riseOnHover: true });
  }

  // Coordinates come as whole steps from one to the next.
  function unpack({ p, t, c, g }) {
    const unit = /Point$/.test(t) ? 1e6 : 1e5;
    const walk = (steps) => {
      if (Array.isArray(steps[0])) return steps.map(walk);
      const found = [];
      for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
        x += steps[i];
        y += steps[i + 1];
        found.push([x / unit, y / unit]);
      }
      return found;
    };
    const geometry = g || { type: t, coordinates: t === "Point" ? walk(c)[0] : walk(c) };
    return { type: "Feature", properties: p, geometry };
  }

  function draw(part) {
    const options = {
      style,
      pointToLayer: point,
      onEachFeature: (feature, layer) => each(feature, layer, part.group),
      pane: part.pane,
      level: part.level,
      interactive: part.interactive,
      bubblingMouseEvents: false,
      smoothFactor: 0.6,
    };
    if (canvases[part.pane]) options.renderer = canvases[part.pane];
    if (part.like) {
      const features = data.parts.find((other) => other.group === part.like).shapes;
      part.shapes = features.map((one, i) => ({ ...one, properties: { ...one.properties, s: part.styles[i] } }));
    }
    if (!part.like) part.shapes = part.features.map(unpack);
    const drawn = L.geoJSON({ type: "FeatureCollection", features: part.shapes }, options);
    if (part.shapes.some(({ properties }) => /^(unit_)?verdict_/.test(properties.s))) coloured.push([drawn, part.group]);
    window[part.group].addLayer(drawn);
  }

  // Colour the verdicts by one clause, or by all checks.
  function colour(clause) {
    clauseChosen = clause;
    document.body.classList.toggle("by-one", clause !== "");
    for (const [drawn] of coloured) drawn.setStyle(style);
    const shown = coloured.some(([, group]) => map.hasLayer(window[group]));
    if (clause && !shown && coloured.length) switchOf(coloured[0][1]).click();
  }

  function choices() {
    const select = document.getElementById("clause");
    if (!select) return;
    const named = data.chosen.map(([id, kind]) => {
      const { n, a, m } = data.clauses[id];
      const amount = say(m) ? ` ${say(m)}` : "";
      return [id, `${say(data.texts[kind])}${amount} · ${n} ${say(a)}`];
    });
    const told = [["", say(data.labels.all_clauses)], ...named].map(([id, text]) => {
      const option = make("option", "", text);
      option.value = id;
      option.selected = id === clauseChosen;
      return option;
    });
    select.replaceChildren(...told);
  }

  // The switch of a group of the map.
  function switchOf(group) {
    return [...document.querySelectorAll("[data-layer]")].find((input) => data.groups[input.dataset.layer] === group);
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
      ["#grip", `sheet_${document.body.dataset.sheet || "peek"}`],
      ["#fold-panel", document.body.classList.contains("folded") ? "show_panel" : "hide_panel"],
    ];
    for (const [where, key] of named) {
      const node = document.querySelector(where);
      if (!node) continue;
      node.setAttribute("aria-label", say(data.labels[key]));
      if (node.tagName !== "MAIN") node.title = say(data.labels[key]);
    }
    titled.forEach((tell) => tell());
    choices();
    sitingFind.speak();
    sitingWhatIf.speak();
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

  // Layers that make way for a choice of the reader's; null brings back what the switches say.
  function hide(which) {
    apply();
    for (const input of document.querySelectorAll("[data-layer]")) {
      if (which && which.test(input.dataset.layer)) map.removeLayer(layerOf(input));
    }
  }

  // Escape leaves a popup for where the reader came from.
  function leave(event) {
    if (event.key !== "Escape" || !event.target.closest(".leaflet-popup")) return;
    map.closePopup();
    if (cameFrom && cameFrom.isConnected) cameFrom.focus();
  }

  // Show one thing: its layer on, the map moved to it, its popup open.
  function find(key, { focus = false, jump = false } = {}) {
    const places = found[key];
    if (!places) return false;
    cameFrom = document.activeElement;
    let at = places.find(({ group }) => map.hasLayer(window[group]));
    if (!at) {
      at = places[data.leads ? 0 : places.length - 1];
      switchOf(at.group).click();
    }
    const { layer } = at;
    view.uncover();
    map.closePopup();
    const arrived = () => {
      layer.openPopup();
      // Whoever came by the keyboard reads on in the popup.
      const told = layer.getPopup().getElement();
      if (told && focus) told.querySelector(".leaflet-popup-content").focus({ preventScroll: true });
    };
    map.stop();
    map.once("moveend", arrived);
    const bounds = ways.around(key, layer.getLatLng ? L.latLngBounds([layer.getLatLng()]) : layer.getBounds());
    const least = layer.getLatLng ? Math.max(map.getZoom(), 15) : 15;
    const how = { maxZoom: least, duration: 0.5, padding: [60, 60] };
    if (jump) map.fitBounds(bounds, { ...how, animate: false });
    else map.flyToBounds(bounds, how);
    return true;
  }

  // The card of layers: open beside a wide map, closed over a narrow one.
  const card = {
    node: document.getElementById("card"),
    fold: document.getElementById("fold-card"),
    isOpen: () => !card.node.classList.contains("closed"),
    open(opened) {
      card.node.classList.toggle("closed", !opened);
      card.fold.setAttribute("aria-expanded", String(opened));
      if (opened && narrow.matches) map.closePopup();
    },
    start() {
      card.fold.addEventListener("click", () => card.open(!card.isOpen()));
      card.open(!narrow.matches);
      L.DomEvent.disableClickPropagation(card.node);
      L.DomEvent.disableScrollPropagation(card.node);
    },
  };

  // What is seen of the map: the district is fitted into it, and popups stay within it, clear of the controls.
  const view = {
    moved: false,
    fitting: false,
    margins() {
      const aside = card.isOpen() && !narrow.matches ? card.node.offsetWidth + 20 : 12;
      return { paddingTopLeft: [12, 12], paddingBottomRight: [aside, narrow.matches ? 30 : 16], animate: false };
    },
    fit() {
      view.fitting = true;
      map.fitBounds(data.extent, view.margins());
      view.fitting = false;
    },
    printing: () => sitingPrint.printing(),
    // After the map's frame has changed: the district again, unless the reader has moved the map.
    settle() {
      if (view.printing()) return;
      map.invalidateSize({ animate: false });
      if (!view.moved) view.fit();
      if (map._popup && map._popup.isOpen()) view.reveal(map._popup);
    },
    // A sheet that covers the map makes way.
    uncover() {
      if (narrow.matches && document.body.dataset.sheet === "full") sheet.set("half");
    },
    reveal(popup) {
      const node = popup.getElement();
      if (!node) return;
      // A mark that takes the focus may itself be moving the map.
      if (map._panAnim && map._panAnim._inProgress) {
        map.once("moveend", () => view.reveal(popup));
        return;
      }
      const frame = map.getContainer().getBoundingClientRect();
      const left = frame.left + 8 + (document.querySelector(".leaflet-control-zoom").offsetWidth + 10);
      const right = frame.right - 12 - (card.isOpen() ? card.node.offsetWidth + 12 : 0);
      const top = frame.top + 10 + (narrow.matches ? card.node.offsetHeight + 6 : 0);
      const box = node.getBoundingClientRect();
      const across = box.left < left ? box.left - left : Math.max(0, Math.min(box.right - right, box.left - left));
      const down = box.top < top ? box.top - top : Math.max(0, Math.min(box.bottom - frame.bottom + 40, box.top - top));
      if (!across && !down) return;
      view.fitting = true;
      map.panBy([Math.round(across), Math.round(down)], { animate: true, duration: 0.25 });
      view.fitting = false;
    },
    // A popup is no taller than what is seen of the map.
    measure() {
      const room = Math.max(140, Math.min(480, map.getSize().y - (narrow.matches ? 130 : 90)));
      document.documentElement.style.setProperty("--popup", `${room}px`);
      for (const { layer } of Object.values(found).flat()) layer.getPopup().options.maxWidth = POPUP.maxWidth;
    },
    start() {
      map.on("movestart", () => { if (!view.fitting && !view.printing()) view.moved = true; });
      map.on("resize", () => { view.measure(); view.settle(); });
      view.measure();
      view.fit();
    },
  };

  // On a narrow screen the panel is a sheet at the foot of the map that can be pulled up.
  const sheet = {
    states: ["peek", "half", "full"],
    panel: document.getElementById("panel"),
    grip: document.getElementById("grip"),
    set(state) {
      document.body.dataset.sheet = state;
      sheet.panel.style.removeProperty("flex-basis");
      sheet.grip.setAttribute("aria-expanded", String(state !== "peek"));
      document.getElementById("stage").inert = narrow.matches && state === "full";
      view.settle();
      speak(language());
    },
    next() {
      const at = sheet.states.indexOf(document.body.dataset.sheet);
      sheet.set(sheet.states[(at + 1) % sheet.states.length]);
    },
    nearest(height) {
      const share = height / window.innerHeight;
      return share < 0.3 ? "peek" : share < 0.72 ? "half" : "full";
    },
    start() {
      let from = null;
      let pulled = false;
      sheet.grip.addEventListener("pointerdown", (event) => {
        from = { y: event.clientY, height: sheet.panel.offsetHeight };
        pulled = false;
        sheet.grip.setPointerCapture(event.pointerId);
      });
      sheet.grip.addEventListener("pointermove", (event) => {
        if (!from || Math.abs(event.clientY - from.y) < 6) return;
        pulled = true;
        document.body.dataset.sheet = "half";
        sheet.panel.style.flexBasis = `${Math.min(window.innerHeight, from.height + from.y - event.clientY)}px`;
      });
      const dropped = () => {
        if (from && pulled) sheet.set(sheet.nearest(sheet.panel.offsetHeight));
        from = null;
      };
      sheet.grip.addEventListener("pointerup", dropped);
      sheet.grip.addEventListener("pointercancel", dropped);
      sheet.grip.addEventListener("click", () => { if (!pulled) sheet.next(); pulled = false; });
      narrow.addEventListener("change", () => { card.open(!narrow.matches); sheet.set(document.body.dataset.sheet); });
    },
  };

  function carry(event) {
    const link = event.target.closest(".parts a, .popup .lead");
    if (!link) return;
    const place = link.hash.slice(1).split("&").filter((part) => part.startsWith("place="));
    link.hash = [`lang=${language()}`, ...place].join("&");
  }

  async function start(made) {
    try {
      data = await sitingWhatIf.held("siting-data");
    } catch {
      waiting.told.hidden = true;
      document.getElementById("broken").hidden = false;
      return;
    }
    map = made;
    // The address may name the language, and so does that of other pages of the folder.
    const [, spoken] = /[#&]lang=(zh|en)(?:&|$)/.exec(window.location.hash) || ["", language()];
    for (const [key, address] of Object.entries(data.leads || {})) data.popups[key].a = address;
    document.body.dataset.sheet = "peek";
    dress();
    canvases = sitingCanvas.stack(map, data.canvases);
    hatch = sitingCanvas.hatch("#9c5555", "#b5727333");
    base = tiles();
    card.start();
    view.start();
    // Numbers of cells come as steps from one to the next.
    if (data.cells) data.cells.n.forEach((step, i, all) => { if (i) all[i] = all[i - 1] + step; });
    data.parts.forEach(draw);
    for (const { group, ...told } of data.names) names.put(window[group], told);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    map.doubleClickZoom.enable();
    for (const input of document.querySelectorAll("[data-layer]")) input.addEventListener("change", apply);
    document.getElementById("panel").addEventListener("click", (event) => {
      const button = event.target.closest("[data-find]");
      if (button) find(button.dataset.find);
    });
    document.getElementById("language").addEventListener("click", () => speak(language() === "zh" ? "en" : "zh"));
    document.getElementById("fold-panel").addEventListener("click", (event) => {
      const folded = document.body.classList.toggle("folded");
      event.currentTarget.setAttribute("aria-expanded", String(!folded));
      speak(language());
      view.settle();
    });
    sheet.start();
    document.addEventListener("keydown", leave);
    map.on("popupopen", (event) => {
      // Long popups scroll: the keyboard must reach them too.
      event.popup.getElement().querySelector(".leaflet-popup-content").tabIndex = 0;
      if (narrow.matches) card.open(false);
      speak(language());
      view.reveal(event.popup);
    });
    map.on("popupopen", ({ popup: { _source: source } }) => ways.show(source && source.key));
    map.on("popupclose", () => ways.show(""));
    map.on("click", (event) => {
      const grid = document.querySelector('[data-layer="grid"]');
      if (!data.cells || !grid || !grid.checked) return;
      const at = cellAt(event.latlng);
      if (at >= 0) map.openPopup(cellPopup(at), event.latlng, POPUP);
    });
    apply();
    names.addTo(map);
    const clause = document.getElementById("clause");
    if (clause) clause.addEventListener("change", () => colour(clause.value));
    sitingFind.start({ data, map, find, make, both, value, say, raise: () => narrow.matches && sheet.set("half") });
    const raise = () => { if (narrow.matches && document.body.dataset.sheet === "peek") sheet.set("half"); };
    sitingWhatIf.start({ data, map, L, make, both, say, hide, raise, texts: data.what_if });
    sitingPrint.start(map, names, () => (view.moved ? null : L.latLngBounds(data.extent)));
    document.addEventListener("click", carry, true);
    speak(spoken);
    document.body.dataset.ready = "";
    waiting.end();
  }

  return { get data() { return data; }, start, found, popup: (key) => popup(data.popups[key]) };
})();
