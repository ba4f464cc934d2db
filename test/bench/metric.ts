// What a metric of the bench is: one exercise of a freshly started system, which yields one or more figures.
import type { LoadClient } from "./loadClient.ts";
import type { RunningSystem, SystemName } from "./systems.ts";

/** What a metric works with. */
export interface Exercise {
  readonly system: RunningSystem;
  readonly client: LoadClient;
  /** Smaller sizes, for a smoke run. */
  readonly quick: boolean;
  /** Rounds before this one. */
  readonly round: number;
}

/** Figure name → value, in the unit that `figures` gives it. */
export type Values = Record<string, number>;

/** Prepares a data directory that no server has seen. */
export type Seed = (data: string, quick: boolean) => Promise<void>;

/** One exercise. */
export interface Metric {
  readonly systems: readonly SystemName[];
  /** Rounds when none are asked for. */
  readonly rounds: number;
  /** What is there before the system starts; nothing by default. Only Breadbox's data can be made this way. */
  readonly seed?: Seed;
  /** The systems speak TLS; Breadbox and nginx can. */
  readonly tls?: true;
  run(exercise: Exercise): Promise<Values>;
}

/** The systems that are registries. */
export const registries = ["breadbox", "distribution"] as const;
/** Those, and what no design leaves out. */
export const receivers = [...registries, "bun"] as const;

/** Bytes. */
export const mebibyte = 1 << 20;

/** Middle value, the upper one of two. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Mebibytes per second. */
export const rate = (bytes: number, ms: number): number => bytes / mebibyte / (ms / 1000);

/** Runs `work` and adds what it cost the server: `<prefix>Cpu` in seconds, `<prefix>Memory` in MiB above what it had before. */
export async function withCost(
  { system }: Exercise,
  prefix: string,
  work: () => Promise<Values>,
): Promise<Values> {
  const idle = system.rssBytes();
  system.resetPeakRss();
  const cpuBefore = system.cpuSeconds();
  const values = await work();
  return {
    ...values,
    [`${prefix}Cpu`]: system.cpuSeconds() - cpuBefore,
    [`${prefix}Memory`]: (system.peakRssBytes() - idle) / mebibyte,
  };
}
