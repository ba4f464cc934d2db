// `npm run test:long`: the tests of which `npm test` runs a share (`test/support/share.ts`), whole.
import { buildIfStale } from "../build.ts";
import { readOptions } from "./options.ts";
import { runTests } from "./runTests.ts";

const root = `${import.meta.dir}/..`;
const { operands: patterns } = readOptions({
  name: "npm run test:long",
  about: "Runs whole what npm test runs a share of, which takes half an hour.",
  options: {},
  operands: "[PATTERN …]",
});
/** Imports what decides about a share. */
const hasShare = /support\/share\.ts"|\bkillEvery\b|\blongTest\b/;

const files: string[] = [];
for await (const file of new Bun.Glob("test/**/*.test.ts").scan(root)) {
  const isWanted = patterns.length === 0 || patterns.some((pattern) => file.includes(pattern));
  if (isWanted && hasShare.test(await Bun.file(`${root}/${file}`).text())) files.push(file);
}
if (files.length === 0) throw new Error(`no test with a long form matches ${patterns.join(" ")}`);
await buildIfStale();
const { passed, failed, skipped } = await runTests(files.sort(), {
  env: { BREADBOX_TEST_LONG: "1" },
});
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
