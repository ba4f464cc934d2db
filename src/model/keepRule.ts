// The rule of which backups stay, as it is written: `7d,4w,12m`. Pure.

/** How many days, weeks and months keep a backup each. At least one of them is not 0. */
export interface KeepRule {
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
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
