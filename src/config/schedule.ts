// Cron expressions and time zones as values of settings. Apart from the other kinds: only these need the library.
import { Cron } from "croner";
import { type Kind, ValueError } from "./values.ts";

/** `@daily` and its kin, or five fields: what every cron knows. */
const shortcut = /^@(?:yearly|annually|monthly|weekly|daily|hourly)$/i;
const fields = 5;

/** A cron expression: minute, hour, day of the month, month, day of the week. */
export const cron: Kind<string> = {
  parse(text) {
    const written = text.trim().replace(/\s+/g, " ");
    if (shortcut.test(written)) return written.toLowerCase();
    if (written.split(" ").length !== fields) {
      throw new ValueError(
        'is not a cron expression of five fields. Examples: "0 3 * * *" (every day at 3:00), "30 4 * * 0" (Sundays at 4:30), "@hourly".',
      );
    }
    assertComes(written);
    return written;
  },
  show: (value) => value,
};

/** @throws ValueError unless it is an expression, and one whose time comes. */
function assertComes(expression: string): void {
  const [, , day, month] = expression.split(" ");
  try {
    const cron = new Cron(expression, { mode: "5-part", utcOffset: 0, paused: true });
    // Only a day that no month has never comes. To reckon it loads the time zones: much, for a server that starts.
    if (day === "*" || month === "*") return;
    if (cron.nextRun(leapYear) !== null) return;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ValueError(
      `is not a cron expression: ${error.message.replace(/^CronPattern: /, "")}`,
    );
  }
  throw new ValueError("is a time that never comes.");
}

/** The 29th of February comes soon. */
const leapYear = new Date("2024-01-01T00:00:00Z");

const local = "local";

/** An IANA time zone such as `Europe/Berlin`; null, written `local`, for the machine's. */
export const timeZone: Kind<string | null> = {
  parse(text) {
    if (text.toLowerCase() === local) return null;
    try {
      // The name as its owner writes it: `europe/berlin` is understood, too.
      return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
    } catch {
      throw new ValueError(
        'is not a time zone. Examples: "Europe/Berlin", "America/New_York", "UTC", or "local" for the machine\'s own.',
      );
    }
  },
  show: (value) => value ?? local,
};
