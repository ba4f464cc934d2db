// One size of the store: the time of each operation on it.
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
  /** Share of the CPUs, 0 to 1, that other work took meanwhile. */
  readonly others: number;
}

/** What other work disturbs least. */
const quartile = (times: readonly number[]): number =>
  quantile(
    times.toSorted((a, b) => a - b),
    0.25,
  );

/** Fills a store and times each operation. @param turns times that each is asked. */
export async function measureColumn(size: number, turns: number): Promise<Column> {
  await using scope = new Scope();
  console.error(`${size.toLocaleString("en")} of everything: filling the store`);
  const system = await startSystem(scope, "breadbox", (data) => seedAll(data, size));
  console.error(`ready after ${system.readyMs.toFixed(0)} ms`);
  const operations = await operationsOn(askOf(system.port), size);
  const times = operations.map((): number[] => []);
  const watched = watchOthers(() => system.cpuSeconds());
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [place, { run }] of operations.entries()) {
      const started = performance.now();
      await run(turn);
      times[place]?.push(performance.now() - started);
    }
  }
  const others = watched();
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const [all, own] = [system.rssBytes(), anonymousBytes([system.pid])].map(mebibytes);
  console.error(
    `after ${turns * operations.length} requests: ${all} MiB, ${own} of them not in files`,
  );
  return {
    ...{ size, others },
    times: operations.map(({ label }, place) => ({ label, ms: quartile(times[place] ?? []) })),
  };
}
