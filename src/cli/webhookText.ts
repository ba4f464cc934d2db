// What `breadbox webhook` prints: webhooks and dead letters in, text out.
import { utcTime } from "../amounts.ts";
import type { DeadLetter } from "../metadata/webhooks.ts";
import type { HookState } from "../webhooks/operate.ts";
import { table } from "./table.ts";

/** One webhook a line. */
export function hooksText(hooks: readonly HookState[]): string {
  if (hooks.length === 0) return "There are no webhooks: docs/WEBHOOKS.md shows how to add one.";
  const rows = hooks.map(({ name, info, waiting, dead, oldestAt }) => [
    ...[name, String(waiting), String(dead)],
    oldestAt === null ? "-" : utcTime(oldestAt),
    info === null ? "not configured any more" : info.url,
  ]);
  const text = table([["NAME", "WAITING", "DEAD", "OLDEST (UTC)", "URL"], ...rows]);
  const [failing] = hooks.filter(({ dead }) => dead > 0);
  return failing === undefined
    ? text
    : `${text}\nbreadbox webhook dead ${failing.name} lists what was given up.`;
}

/** The oldest first. */
export function deadText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return "Nothing was given up.";
  const rows = letters.map(({ id, at, event, resource, reason }) => [
    ...[id, utcTime(at), event, resource === "" ? "-" : resource, reason ?? "-"],
  ]);
  return table([["ID", "TIME (UTC)", "EVENT", "ABOUT", "REASON"], ...rows]);
}
