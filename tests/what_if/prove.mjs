// Checks certificates with the page's module: `node prove.mjs MODULES < CASES`, each a problem, certificates, and a choice.
import fs from "node:fs";

const [modules] = process.argv.slice(2);
const { check, readCertificate, Refuted, valueOf } = await import(`${modules}/proof.mjs`);

const { problemOf } = await import(`${modules}/proving.mjs`);

const told = async (does) => {
  try {
    return await does();
  } catch (error) {
    if (error instanceof Refuted) return { code: error.code, claim: error.values.claim ?? null };
    throw error;
  }
};

const found = [];
const made = (given) => {
  return {
    ...given,
    people: Float64Array.from(given.people),
    start: Uint32Array.from(given.start),
    point: Uint32Array.from(given.point),
    seconds: Float64Array.from(given.seconds),
    kept: Uint8Array.from(given.kept),
    forced: Uint8Array.from(given.forced),
    forbidden: Uint8Array.from(given.forbidden),
    persons: Float64Array.from(given.persons),
    counted: Uint8Array.from(given.counted),
    costs: given.costs && Float64Array.from(given.costs),
    capacity: given.capacity && Float64Array.from(given.capacity, (each) => each ?? Infinity),
  };
};

for (const each of JSON.parse(fs.readFileSync(0, "utf8"))) {
  // A case is a problem of a test, or what a page holds of a plan.
  const problem = each.told ? await problemOf(each.told) : made(each.problem);
  const { certificates, chosen } = each.told ? { certificates: [each.told.certificate], chosen: each.told.chosen } : each;
  const checked = [];
  for (const each of certificates) checked.push(await told(async () => check(problem, await readCertificate(each))));
  const value = async () => valueOf(problem, chosen, (await readCertificate(certificates[0])).served);
  found.push({ checked, value: await told(value) });
}
process.stdout.write(JSON.stringify(found));
