// `sh .dev/bun .dev/slowTests.ts`: what the last whole run of the tests took (`dist/testTimes.json`) becomes the list of slow files that
// other clones begin with.
import { readOptions } from "./options.ts";
import { testTimes } from "./runTests.ts";

/** Files that take less begin in any order. ms. */
const least = 8_000;

/** The slow ones of `files` (path → ms), the slowest first, in whole seconds: another run changes few lines. */
export const slowest = (files: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(files)
      .filter(([, ms]) => ms >= least)
      .map(([path, ms]) => [path, 1000 * Math.round(ms / 1000)] as const)
      .sort(([one, a], [other, b]) => b - a || one.localeCompare(other)),
  );

if (import.meta.main) {
  readOptions({
    name: "sh .dev/bun .dev/slowTests.ts",
    about: "Writes .dev/slowTests.json from what the last whole run of the tests took.",
    options: {},
  });
  const { version, files } = await Bun.file(testTimes).json();
  const text = JSON.stringify({ version, files: slowest(files) }, null, 2);
  await Bun.write(`${import.meta.dir}/slowTests.json`, `${text}\n`);
}
