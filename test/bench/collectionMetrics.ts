// What the bench measures of the garbage collection: `breadbox gc` beside a running server, and how that server feels meanwhile.
import { join } from "node:path";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { type Timed, timeCommand } from "./command.ts";
import { importMetric } from "./importMetric.ts";
import { type Exercise, type Metric, mebibyte } from "./metric.ts";
import { Prober, quantile } from "./prober.ts";
import { type GarbageSeed, seedGarbage, seedTags } from "./seed.ts";
import type { RunningSystem } from "./systems.ts";

const repository = "bench/gc";

const garbage = (quick: boolean): GarbageSeed =>
  quick
    ? { blobs: 2_000, orphans: 1_000, manifests: 100, references: 10 }
    : { blobs: 40_000, orphans: 20_000, manifests: 2_000, references: 10 };

const manyReferences = (quick: boolean): GarbageSeed =>
  quick
    ? { blobs: 2_000, orphans: 1_000, manifests: 500, references: 100 }
    : { blobs: 40_000, orphans: 20_000, manifests: 10_000, references: 100 };

/** Deletes garbage, or with `--dry-run` counts it. */
export const collect = (
  system: Pick<RunningSystem, "data" | "env">,
  ...options: string[]
): Promise<Timed> => timeCommand(system, ["gc", "--yes", ...options]);

/** @throws Error when the output does not say that so many blobs went, or would go. */
export function assertOrphans({ output }: Timed, { orphans }: Pick<GarbageSeed, "orphans">): void {
  const count = /(?:Would delete|Deleted) (\d+) orphaned blobs/.exec(output)?.[1];
  if (Number(count) !== orphans) throw new Error(`not ${orphans} orphans:\n${output.slice(-500)}`);
}

async function feel(port: number, work: () => Promise<Timed>) {
  const prober = new Prober(port, `/v2/${repository}/manifests/m1`);
  const collected = await work();
  const times = await prober.stop();
  return { collected, p99: quantile(times, 0.99) };
}

const gc: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data, quick) => seedGarbage(data, repository, garbage(quick)),
  run: async ({ system, quick }: Exercise) => {
    const dry = await collect(system, "--dry-run");
    assertOrphans(dry, garbage(quick));
    const before = new Prober(system.port, `/v2/${repository}/manifests/m1`);
    await Bun.sleep(2_000);
    const quietP99 = quantile(await before.stop(), 0.99);
    const { collected, p99 } = await feel(system.port, () => collect(system));
    assertOrphans(collected, garbage(quick));
    return {
      gc: collected.seconds,
      gcDryRun: dry.seconds,
      gcQuietP99: quietP99,
      gcP99: p99,
    };
  },
};

const gcMark: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data, quick) => seedGarbage(data, repository, manyReferences(quick)),
  run: async ({ system, quick }: Exercise) => {
    await using scope = new Scope();
    const nothing = join(tempFolder(scope, "empty"), "data");
    await seedTags(nothing, {});
    const empty = await collect({ data: nothing, env: {} }, "--dry-run");
    const marked = await collect(system, "--dry-run");
    assertOrphans(marked, manyReferences(quick));
    const memory = (marked.peakRssBytes - empty.peakRssBytes) / mebibyte;
    return { gcMark: marked.seconds, gcMarkMemory: memory };
  },
};

/** Metrics of commands by the name that `--only` takes. */
export const collectionMetrics = { gc, gcMark, import: importMetric };
