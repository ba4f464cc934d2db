// `npm run bench:growth`: the time of each operation with a thousand, a hundred thousand and a million of everything in the store.
// `--write` replaces the table in docs/BENCHMARKS.md and the picture beside it; `--sizes 1000,10000` takes others.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../support/binary.ts";
import { anonymousBytes, machineCpu } from "../../support/procfs.ts";
import { Scope } from "../../support/scope.ts";
import { circumstances, replaceTable } from "../document.ts";
import { quantile } from "../prober.ts";
import { startSystem } from "../systems.ts";
import { type Curve, curveTable } from "./curve.ts";
import { askOf, operationsOn } from "./operations.ts";
import { drawCurves } from "./picture.ts";
import { seedAll } from "./seedAll.ts";

/** Times that each operation is asked at each size. */
const turns = 400;

const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    sizes: { type: "string", default: "1000,100000,1000000" },
  },
});
const sizes = options.sizes.split(",").map(Number);

const quartile = (times: readonly number[]): number =>
  quantile(
    times.toSorted((a, b) => a - b),
    0.25,
  );

/** Of each operation the time, ms, that a quarter of the requests beat: what other work disturbs least. */
async function timesAt(size: number): Promise<readonly { label: string; ms: number }[]> {
  await using scope = new Scope();
  console.error(`${size.toLocaleString("en")} of everything: filling the store`);
  const system = await startSystem(scope, "breadbox", (data) => seedAll(data, size));
  console.error(`ready after ${system.readyMs.toFixed(0)} ms`);
  const operations = await operationsOn(askOf(system.port), size);
  const times = operations.map((): number[] => []);
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [place, { run }] of operations.entries()) {
      const started = performance.now();
      await run(turn);
      times[place]?.push(performance.now() - started);
    }
  }
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const [all, own] = [system.rssBytes(), anonymousBytes([system.pid])].map(mebibytes);
  console.error(
    `after ${turns * operations.length} requests: ${all} MiB, ${own} of them not in files`,
  );
  return operations.map(({ label }, place) => ({ label, ms: quartile(times[place] ?? []) }));
}

const before = machineCpu();
const columns: Awaited<ReturnType<typeof timesAt>>[] = [];
for (const size of sizes) columns.push(await timesAt(size));
const now = machineCpu();
const busy = Math.round((100 * (now.busy - before.busy)) / (now.total - before.total));
const curves: readonly Curve[] = (columns[0] ?? []).map(({ label }, place) => ({
  label,
  values: columns.map((column) => column[place]?.ms ?? Number.NaN),
}));
const note = `${await circumstances()}; the CPUs were busy for ${busy} % of the time, this work included.`;
const text = `${curveTable(curves, sizes)}\n\n${note}`;
console.log(text);
if (options.write) {
  await replaceTable("growth", text);
  await Bun.write(join(projectRoot, "docs", "growth.svg"), drawCurves(curves, sizes));
}
process.exit(0);
