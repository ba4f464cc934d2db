// Which backups stay: the latest of each of the last days, weeks and months that have one. Pure.
// Recency is the order in which backups were made, not their times: a clock that was wrong removes nothing that is recent.

/** How many days, weeks and months keep a backup each. At least one of them is not 0. */
export interface KeepRule {
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
}

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

const units = { d: "days", w: "weeks", m: "months" } as const;
const most = 10_000;

/** Reads `7d,4w,12m`: each unit once, in any order. @returns null for another text. */
export function readKeepRule(text: string): KeepRule | null {
  const rule = { days: 0, weeks: 0, months: 0 };
  const seen = new Set<string>();
  for (const part of text.split(",")) {
    const [, count, unit] = /^\s*(\d{1,5})([dwm])\s*$/.exec(part) ?? [];
    if (unit !== "d" && unit !== "w" && unit !== "m") return null;
    if (seen.has(unit) || Number(count) > most) return null;
    seen.add(unit);
    rule[units[unit]] = Number(count);
  }
  return rule.days + rule.weeks + rule.months > 0 ? rule : null;
}

/** The rule as it is written. */
export const showKeepRule = ({ days, weeks, months }: KeepRule): string =>
  [`${days}d`, `${weeks}w`, `${months}m`].filter((part) => !part.startsWith("0")).join(",");

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
