// Which backups stay: the latest of each of the last days, weeks and months that have one. Pure.
// Recency is the order in which backups were made, not their times: a clock that was wrong removes nothing that is recent.
import type { KeepRule } from "../model/keepRule.ts";

/** What the rule looks at. */
export interface KeptBackup {
  readonly id: string;
  /** Grows with each backup of a target, whatever the clock says. */
  readonly sequence: number;
  /** The moment of its snapshot, Unix ms. */
  readonly takenAt: number;
  /** True when it has every content that its database names. */
  readonly isWhole: boolean;
}

const dayMs = 86_400_000;
/** 1 January 1970 was a Thursday; weeks begin on Monday. */
const daysBeforeMonday = 3;

const periods: Readonly<Record<keyof KeepRule, (at: number) => string>> = {
  days: (at) => String(Math.floor(at / dayMs)),
  weeks: (at) => String(Math.floor((Math.floor(at / dayMs) + daysBeforeMonday) / 7)),
  months: (at) => new Date(at).toISOString().slice(0, 7),
};

/**
 * The ids that stay. Days, weeks and months are those of UTC. Only whole backups count for them; those that are not whole stay while no
 * later one is.
 */
export function keptOf(backups: readonly KeptBackup[], rule: KeepRule): ReadonlySet<string> {
  const latestFirst = backups.toSorted((a, b) => b.sequence - a.sequence);
  const kept = new Set<string>();
  for (const { id, isWhole } of latestFirst) {
    kept.add(id);
    if (isWhole) break;
  }
  const whole = latestFirst.filter(({ isWhole }) => isWhole);
  for (const unit of ["days", "weeks", "months"] as const) {
    const seen = new Set<string>();
    for (const { id, takenAt } of whole) {
      const period = periods[unit](takenAt);
      if (seen.has(period) || seen.size >= rule[unit]) continue;
      seen.add(period);
      kept.add(id);
    }
  }
  return kept;
}
