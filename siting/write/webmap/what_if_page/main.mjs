// The what-if as a tab of the panel. Its data are read when the tab is first opened, so that the map is there at once.
import { read } from "./engine.mjs";
import { textOf } from "./packing.mjs";
import { Placing } from "./placing.mjs";
import { Proving } from "./proving.mjs";
import { Solving } from "./solving.mjs";
import { View } from "./view.mjs";

const HIDDEN = /^(institution|centre|station|stations|candidates|grid|circles_\w+|area_\w+|unit_\w+)$/;

let view = null;
let tools = null;
let opening = null;
// The page as it came: scripts and drawing add to it afterwards.
const skeleton = [...document.body.children].filter((node) => node.tagName !== "SCRIPT").map((node) => node.outerHTML);
const head = document.head.outerHTML;

/** The page with a reader's choice in it. @param {string} choice */
function pageWith(choice) {
  const scripts = [...document.body.querySelectorAll("script")].map((node) => {
    const type = node.type ? ` type="${node.type}"` : "";
    const id = node.id ? ` id="${node.id}"` : "";
    return `<script${type}${id}>${node.id === "siting-saved" ? choice : node.textContent}</${"script"}>`;
  });
  const language = document.documentElement.classList.contains("en") ? "en" : "zh";
  return `<!DOCTYPE html>\n<html lang="${language === "zh" ? "zh-CN" : "en"}" class="${language}">${head}<body>\n${skeleton.join("\n")}\n${scripts.join("\n")}\n</body></html>\n`;
}

function saved() {
  const text = document.getElementById("siting-saved").textContent.trim();
  return text ? JSON.parse(text) : null;
}

/** The sections of what this page holds beyond figures: a solver, a proof. */
function partsOf(data) {
  const held = document.getElementById("siting-solver");
  return [new Placing(), ...(held ? [new Solving(JSON.parse(held.textContent))] : []), ...(data.proof ? [new Proving(data.proof)] : [])];
}

async function open() {
  const held = document.getElementById("siting-what-if");
  const data = JSON.parse(held.textContent);
  const engine = await read(data);
  const { make, both, say, map, L } = tools;
  const shapes = new Map();
  for (const part of tools.data.parts) {
    for (const shape of part.shapes || []) {
      const key = shape.properties.k ? shape.properties.k.slice(0, shape.properties.k.indexOf("/")) : "";
      if (!key || !engine.levels[key]) continue;
      if (!shapes.has(key)) shapes.set(key, new Map());
      if (!shapes.get(key).has(shape.properties.k)) shapes.get(key).set(shape.properties.k, shape);
    }
  }
  view = new View(
    {
      make,
      both,
      say,
      map,
      L,
      data: tools.data,
      texts: data.texts,
      extent: tools.data.extent,
      panel: document.getElementById("what-if"),
      card: document.getElementById("what-if-card"),
      shapesOf: (key) => [...(shapes.get(key) || new Map()).values()],
      refuted: data.refuted,
      units: data.units,
      levelName: (key) => say(data.level_names[key]),
      goTo: ([lon, lat]) => map.setView([lat, lon], Math.max(map.getZoom(), 15)),
      pageWith,
    },
    engine,
    saved(),
    partsOf(data),
  );
  view.start();
  view.speak();
  return view;
}

const isOn = () => document.body.classList.contains("what-if");

function switchTo(on) {
  document.body.classList.toggle("what-if", on);
  for (const [id, chosen] of [["tab-results", !on], ["tab-what-if", on]]) {
    const tab = document.getElementById(id);
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  document.getElementById("results").hidden = on;
  document.getElementById("what-if").hidden = !on;
  document.getElementById("switches").hidden = on;
  document.getElementById("what-if-card").hidden = !on;
  tools.map.closePopup();
  tools.hide(on ? HIDDEN : null);
  tools.raise();
  if (!on) {
    if (view) view.hide();
    return;
  }
  const panel = document.getElementById("what-if");
  if (view) {
    view.show();
    return;
  }
  panel.replaceChildren(tools.make("p", "muted", tools.both(tools.texts.loading)));
  opening = opening || open();
  opening.then(
    (made) => { if (isOn()) made.show(); },
    (error) => {
      const why = String(error.message || error);
      const told = (lang) => tools.texts.failed[lang].replace("{why}", () => why);
      panel.replaceChildren(tools.make("p", "banner loud", tools.both({ zh: told("zh"), en: told("en") })));
    },
  );
}

/** @param {any} given what the page lends: make, both, say, map, L, data, texts, hide, raise */
export function start(given) {
  if (!document.getElementById("tab-what-if")) return;
  tools = given;
  const tabs = ["tab-results", "tab-what-if"].map((id) => document.getElementById(id));
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => switchTo(i === 1));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      tabs[1 - i].focus();
      tabs[1 - i].click();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (!view || !isOn() || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const { target } = event;
    if (target instanceof Element && target.matches("input[type=text], input[type=search], input[type=number]")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) view.undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) view.redo();
    else return;
    event.preventDefault();
  });
  if (saved()) switchTo(true);
}

/** Say everything in the language of the page. */
export function speak() {
  if (view) view.speak();
}

/** Whether a layer of the map is seen beside the reader's choice. @param {string} layer */
export const keeps = (layer) => !isOn() || !HIDDEN.test(layer);

/** What a printed sheet says of the reader's choice; nothing where it shows none. */
export const headline = () => (view && isOn() ? view.headline() : "");

/** For tests and benchmarks: the open view. */
export const current = () => view;

/** The data of the page, which lie in it compressed. @param {string} id */
export const held = async (id) => JSON.parse(await textOf(JSON.parse(document.getElementById(id).textContent).packed));
