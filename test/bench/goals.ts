// What a figure of the bench is held against, and how it is printed.
import type { SystemName } from "./systems.ts";

/** A row. */
export interface Figure {
  readonly label: string;
  readonly unit: string;
  readonly decimals: number;
  /** What Breadbox is held against: another system's figure, another figure of its own, or a plain number. */
  readonly goal?: Goal;
}

/** What is to be reached. */
export interface Goal {
  readonly relation: "≥" | "≤";
  readonly value: number;
  readonly of?: SystemName | { readonly figure: string };
  /** Whose figure is held against it; that of Breadbox by default. */
  readonly by?: SystemName;
}

/** At least so many times what another system reaches. */
export const atLeast = (value: number, of: SystemName): Goal => ({ relation: "≥", value, of });
/** Held against another figure of Breadbox. */
export const own = (value: number, relation: Goal["relation"], figure: string): Goal => ({
  relation,
  value,
  of: { figure },
});
/** At most so much, or so many times what another has. */
export const atMost = (value: number, of?: Goal["of"]): Goal =>
  of === undefined ? { relation: "≤", value } : { relation: "≤", value, of };

/** Units, with as many decimals as they are printed with. */
export const throughput = { unit: "MiB/s", decimals: 0 };
export const time = { unit: "ms", decimals: 2 };
export const memory = { unit: "MiB", decimals: 0 };
export const requests = { unit: "req/s", decimals: 0 };
export const page = { unit: "ms", decimals: 3 };
export const seconds = { unit: "s", decimals: 2 };
export const peer = "distribution";
