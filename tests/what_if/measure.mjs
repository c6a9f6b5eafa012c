// Measures edits with the page's engine: `node measure.mjs MODULES DATA < EDITS`, one edit after the other.
import fs from "node:fs";

const [modules, data] = process.argv.slice(2);
const { read } = await import(`${modules}/engine.mjs`);
const engine = await read(JSON.parse(fs.readFileSync(data, "utf8")));
const LEVELS = { street: "streets", community: "communities" };

// JSON knows neither NaN nor infinity.
const plain = (value) => (Number.isNaN(value) ? null : value === Infinity ? "inf" : value);
const list = (values) => Array.from(values, plain);

function told(pass) {
  const { whole, levels, units } = engine.figures();
  const found = { whole: { covered: whole.covered, share: whole.share, low: whole.low, high: plain(whole.high) }, levels: {} };
  for (const name of ["01", "02"]) {
    found.whole[`gap${name}`] = whole.gaps[name].gap;
    found.whole[`least${name}`] = whole.gaps[name].least;
  }
  found.groups = whole.groups.map(({ covered, share }) => [plain(covered), plain(share)]);
  found.weighted = whole.weighted;
  found.circle = {};
  found.land = {};
  for (const [key, figures] of Object.entries(levels)) {
    const level = engine.levels[key];
    const places = level.ids.map((_, place) => place);
    const gaps = (floor) => places.map((place) => plain(engine.gapOf(figures, level, place, floor === null ? level.floor[place] : floor).gap));
    found.levels[key] = {
      covered: list(figures.covered),
      uncovered: list(figures.uncovered),
      share: list(figures.share),
      low: list(figures.low),
      high: list(figures.high),
      gap_01: gaps(0.1),
      gap_02: gaps(0.2),
      gap_own: gaps(null),
    };
    if (figures.each) found.levels[key].each = list(figures.each);
    for (const place of places) {
      if (level.circle) found.circle[`${key}/${level.ids[place]}`] = engine.circleVerdict(level, figures, place, pass);
      for (const floor of [0.1, 0.2]) {
        found.land[`${key}/${level.ids[place]}/${floor}`] = engine.landVerdict(level, figures, place, floor);
      }
    }
  }
  found.units = units.map(({ clause, level, share }) => [clause, LEVELS[level], share]);
  return found;
}

const found = JSON.parse(fs.readFileSync(0, "utf8")).map(({ options, minutes, pass_share: pass, placed = [], weights }) => {
  engine.set([...options, ...placed.map(({ slot }) => engine.optionAt(slot))], minutes, placed, weights);
  return told(pass);
});
process.stdout.write(JSON.stringify(found));
