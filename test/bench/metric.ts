// What a metric of the bench is: one exercise of a freshly started system, which yields one or more figures.
import type { LoadClient } from "./loadClient.ts";
import type { RunningSystem, SystemName } from "./systems.ts";

/** What a metric works with. */
export interface Exercise {
  readonly system: RunningSystem;
  readonly client: LoadClient;
  /** Smaller sizes, for a smoke run. */
  readonly quick: boolean;
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
  run(exercise: Exercise): Promise<Values>;
}

/** The systems that are registries. */
export const registries = ["breadbox", "distribution"] as const;

/** Bytes. */
export const mebibyte = 1 << 20;
