// The map of a comparison: places coloured by the change of a figure, or by what it was before or after.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("change-data").textContent);
  const at = (key) => document.getElementById(`change-${key}`);
  const [figure, level, side, legend] = ["figure", "level", "side", "legend"].map(at);
  // Known by name, for whoever tests or extends the page.
  const map = window.siting_map = L.map("change-map", { attributionControl: false, preferCanvas: true, zoomSnap: 0.1 });
  const GREY = "#e9ebed";
  let drawn = null;

  function fill(select, items, first) {
    for (const item of items) {
      const option = document.createElement("option");
      option.value = item.key;
      option.textContent = item.name;
      option.selected = item.key === first;
      select.append(option);
    }
  }

  // A round step: 1, 2 or 5 times a power of ten.
  function round(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * [1, 2, 5, 10].find((each) => each * power >= value * (1 - 1e-9));
  }

  function classes(values, told, change) {
    const most = Math.max(0, ...values.map(Math.abs));
    if (!most) return [];
    if (change) {
      const step = round(most / 3);
      const colours = told.better < 0 ? [...data.colours.diverging].reverse() : data.colours.diverging;
      const edges = [-Infinity, -2 * step, -step, 0, step, 2 * step, Infinity];
      return colours.map((colour, n) => ({ colour, from: edges[n], to: edges[n + 1] }));
    }
    const least = Math.min(...values);
    const step = round((most - least) / 6 || most / 6);
    const start = Math.floor(least / step) * step;
    return data.colours.sequential.map((colour, n) => ({
      colour,
      from: n ? start + n * step : -Infinity,
      to: n < 5 ? start + (n + 1) * step : Infinity,
    }));
  }

  function text(value, told, change) {
    const scaled = told.share ? 100 * value : value;
    const shown = Number(scaled.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });
    return `${change && scaled > 0 ? "+" : ""}${shown}${told.share && !change ? "%" : ""}`;
  }

  function label(one, told, change) {
    if (one.from === -Infinity) return `≤ ${text(one.to, told, change)}`;
    if (one.to === Infinity) return `> ${text(one.from, told, change)}`;
    return `${text(one.from, told, change)} … ${text(one.to, told, change)}`;
  }

  function colour(value, found, change) {
    if (value === null || value === undefined) return GREY;
    if (change && value === 0) return "#ffffff";
    const one = found.find((each) => value > each.from && value <= each.to) ?? found[0];
    return one ? one.colour : "#ffffff";
  }

  function swatch(paint, words) {
    const item = document.createElement("li");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ width: 18, height: 14 })) picture.setAttribute(key, value);
    for (const [key, value] of Object.entries({ width: 17, height: 13, x: 0.5, y: 0.5, fill: paint, stroke: "#8a8f94" }))
      box.setAttribute(key, value);
    picture.append(box);
    item.append(picture, words);
    return item;
  }

  function popup(place) {
    const table = document.createElement("table");
    table.createCaption().textContent = place.name;
    const head = table.insertRow();
    for (const word of ["", data.words.before, data.words.after, data.words.change]) {
      const cell = document.createElement("th");
      cell.textContent = word;
      head.append(cell);
    }
    for (const told of data.figures) {
      const found = place.figures[told.key];
      if (!found) continue;
      const row = table.insertRow();
      for (const word of [told.name, found.texts.before, found.texts.after, found.texts.change])
        row.insertCell().textContent = word;
      row.cells[0].className = "text";
      if (told.key === figure.value && found.parts.length) {
        const cell = table.insertRow().insertCell();
        cell.colSpan = 4;
        cell.className = "text";
        cell.textContent = `${data.words.parts} ${found.parts.map((part) => part.join(" ")).join(", ")}`;
      }
    }
    const box = document.createElement("div");
    box.append(table);
    if (place.only) {
      const note = document.createElement("p");
      note.textContent = data.words[`only_${place.only}`];
      box.append(note);
    }
    return box;
  }

  function draw() {
    const told = data.figures.find((each) => each.key === figure.value);
    const change = side.value === "change";
    const places = data.places[level.value];
    const value = (place) => place.properties.figures[told.key]?.numbers[side.value];
    const values = places.map(value).filter((each) => each !== null && each !== undefined);
    const found = classes(values, told, change);
    if (drawn) drawn.remove();
    drawn = L.geoJSON({ type: "FeatureCollection", features: places }, {
      style: (place) => ({
        color: "#44494d",
        weight: 0.8,
        fillOpacity: 0.9,
        fillColor: colour(value(place), found, change),
        dashArray: place.properties.only ? "4 3" : null,
      }),
      onEachFeature: (place, layer) => layer.bindPopup(() => popup(place.properties), { maxWidth: 420 }),
    }).addTo(map);
    legend.replaceChildren();
    for (const one of found) {
      const any = values.some((each) => (each || !change) && each > one.from && each <= one.to);
      if (any) legend.append(swatch(one.colour, label(one, told, change)));
    }
    if (change && values.includes(0)) legend.append(swatch("#ffffff", data.words.same));
    if (values.length < places.length) legend.append(swatch(GREY, data.words.unknown));
  }

  fill(figure, data.figures);
  fill(level, data.levels, data.first);
  for (const each of [figure, level, side]) each.addEventListener("change", draw);
  map.setView([0, 0], 5);
  draw();
  map.fitBounds(drawn.getBounds(), { animate: false, padding: [8, 8] });
  L.control.scale({ imperial: false }).addTo(map);
})();
