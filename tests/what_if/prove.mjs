// Checks certificates with the page's module: `node prove.mjs MODULES < CASES`, each a problem, certificates, and a choice.
import fs from "node:fs";

const [modules] = process.argv.slice(2);
const { check, readCertificate, Refuted, valueOf } = await import(`${modules}/proof.mjs`);

const told = async (does) => {
  try {
    return await does();
  } catch (error) {
    if (error instanceof Refuted) return { code: error.code, claim: error.values.claim ?? null };
    throw error;
  }
};

const found = [];
for (const { problem: given, certificates, chosen } of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const problem = {
    ...given,
    people: Float64Array.from(given.people),
    start: Uint32Array.from(given.start),
    point: Uint32Array.from(given.point),
    seconds: Float64Array.from(given.seconds),
    kept: Uint8Array.from(given.kept),
    forced: Uint8Array.from(given.forced),
    forbidden: Uint8Array.from(given.forbidden),
    costs: given.costs && Float64Array.from(given.costs),
  };
  const checked = [];
  for (const each of certificates) checked.push(await told(async () => check(problem, await readCertificate(each))));
  found.push({ checked, value: await told(async () => valueOf(problem, chosen)) });
}
process.stdout.write(JSON.stringify(found));
