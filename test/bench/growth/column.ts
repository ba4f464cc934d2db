// One size of the store: the time of each operation on it.
import { loadavg } from "node:os";
import { anonymousBytes } from "../../support/procfs.ts";
import { Scope } from "../../support/scope.ts";
import { quantile } from "../prober.ts";
import { startSystem } from "../systems.ts";
import { watchOthers } from "../turn.ts";
import { askOf, operationsOn } from "./operations.ts";
import { seedAll } from "./seedAll.ts";

/** What was measured at one size. */
export interface Column {
  /** Of everything in the store. */
  readonly size: number;
  /** Of each operation the time that a quarter of the requests beat, ms. */
  readonly times: readonly { readonly label: string; readonly ms: number }[];
  /** Of the server for each request, ms: other work changes it little. */
  readonly cpuMs: number;
  /** Share of the CPUs, 0 to 1, that other work took meanwhile. */
  readonly others: number;
  /** Of the last minute: where the CPUs are fully taken it tells how many wanted one. */
  readonly load: number;
}

/** What other work disturbs least. */
const quartile = (times: readonly number[]): number =>
  quantile(
    times.toSorted((a, b) => a - b),
    0.25,
  );

/**
 * Fills a store and times each operation. Resolves when the store is removed, which takes minutes where it is large.
 * @param turns times that each is asked. @param onMeasured is told before that.
 */
export async function measureColumn(
  size: number,
  turns: number,
  onMeasured: (column: Column) => void,
): Promise<Column> {
  await using scope = new Scope();
  console.error(`${size.toLocaleString("en")} of everything: filling the store`);
  const system = await startSystem(scope, "breadbox", (data) => seedAll(data, size));
  console.error(`ready after ${system.readyMs.toFixed(0)} ms`);
  const operations = await operationsOn(askOf(system.port), size);
  const times = operations.map((): number[] => []);
  const [watched, cpuBefore] = [watchOthers(), system.cpuSeconds()];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [place, { run }] of operations.entries()) {
      const started = performance.now();
      await run(turn);
      times[place]?.push(performance.now() - started);
    }
  }
  const others = watched();
  const requests = turns * operations.length;
  const cpuMs = (1000 * (system.cpuSeconds() - cpuBefore)) / requests;
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const [all, own] = [system.rssBytes(), anonymousBytes([system.pid])].map(mebibytes);
  console.error(`after ${requests} requests: ${all} MiB, ${own} of them not in files`);
  const column = {
    ...{ size, cpuMs, others, load: loadavg()[0] ?? Number.NaN },
    times: operations.map(({ label }, place) => ({ label, ms: quartile(times[place] ?? []) })),
  };
  onMeasured(column);
  return column;
}
