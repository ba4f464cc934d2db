// Ids that tell in which order something was recorded, also where the clock was set back meanwhile.

/**
 * `id` if it is greater than `latest`; else an id one millisecond behind `latest`, with the random part of `id`.
 * @param latest UUIDv7; null: there is none. @param id UUIDv7.
 */
export function laterId(latest: string | null, id: string): string {
  if (latest === null || id > latest) return id;
  const time = Number.parseInt(latest.slice(0, 8) + latest.slice(9, 13), 16) + 1;
  const digits = time.toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}${id.slice(13)}`;
}
