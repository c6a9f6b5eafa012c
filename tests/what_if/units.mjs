// Calls functions of the page's modules: `node units.mjs MODULES MODULE FUNCTION < ARGUMENTS`, a list of lists.
import fs from "node:fs";

const [modules, name, called] = process.argv.slice(2);
const module = await import(`${modules}/${name}.mjs`);
const revive = (value) => (value && value.nan ? NaN : value && value.inf ? Infinity : value && value.bytes ? Uint8Array.from(value.bytes) : value);
const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const given = JSON.parse(fs.readFileSync(0, "utf8"));
const found = [];
for (const each of given) found.push(plain(await module[called](...each.map(revive))));
process.stdout.write(JSON.stringify(found));
