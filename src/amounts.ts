// Sizes and times as people read them.

const units = ["B", "KB", "MB", "GB", "TB", "PB"];

/** `412 GB`: three digits at most, powers of 1000 as file managers and disk makers count. */
export function showBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

const spans = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const;

/** `45s`, `12m`, `3h 5m`, `2d 4h`: the two largest units, nothing below a minute once there is an hour. @param ms never negative. */
export function showAge(ms: number): string {
  let seconds = Math.floor(ms / 1000);
  const parts: string[] = [];
  for (const [unit, length] of spans) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
  }
  if (parts.length === 0) return `${seconds}s`;
  return parts.slice(0, 2).filter(isSomething).join(" ");
}

const isSomething = (part: string): boolean => !part.startsWith("0");

/** `2026-01-31 14:05:00`, for a column whose head says UTC. @param time Unix ms. */
export const utcTime = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace("T", " ");

/** `2026-01-31 14:05:00 UTC`. @param time Unix ms. */
export const showTime = (time: number): string => `${utcTime(time)} UTC`;

/** `1 upload`, `2 uploads`. */
export const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? "" : "s"}`;

/** `2026-01-31T14:05:00.000Z`, as the API and `--json` print times. @param time Unix ms. */
export const isoTime = (time: number): string => new Date(time).toISOString();

/** As {@link isoTime}; null for null. */
export const timeOrNull = (time: number | null): string | null =>
  time === null ? null : isoTime(time);
