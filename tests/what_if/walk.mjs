// Walks from places with the page's network: `node walk.mjs MODULES DATA < PLACES`, [longitude, latitude] each.
import fs from "node:fs";

const [modules, data] = process.argv.slice(2);
const { read } = await import(`${modules}/engine.mjs`);
const { streets } = await read(JSON.parse(fs.readFileSync(data, "utf8")));
const found = JSON.parse(fs.readFileSync(0, "utf8")).map(([lon, lat]) => {
  const place = streets.snapped(lon, lat);
  const { cell, step } = streets.walk(...place);
  return { place, cell: Array.from(cell), step: Array.from(step), beside: Array.from(streets.walk(lon, lat).cell) };
});
process.stdout.write(JSON.stringify(found));
