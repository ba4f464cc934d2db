// `breadbox audit`: the entries of the audit trail, while a server is running or without one.
import { count, duration, ValueError } from "../config/values.ts";
import type { AuditCursor, AuditRequest, StoredAuditEntry } from "../metadata/audit.ts";
import type { Tool } from "../tool.ts";
import { auditText } from "./auditText.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { withTool } from "./withTool.ts";

/** What is asked for, and how many entries of it. */
interface Asked extends Omit<AuditRequest, "after" | "limit" | "since"> {
  /** Unix ms, from the clock of the tool; null for all. */
  readonly since: ((now: number) => number) | null;
  readonly most: number;
}

const usual = 100;
const pageSize = 1_000;
const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** @throws ConfigError */
export async function showAudit(options: Options): Promise<number> {
  const asked = readAsked(options);
  if (typeof asked === "string") {
    complain(asked);
    return exitCode.badUsage;
  }
  return withTool(options, async (tool) => {
    const { entries, more } = await collect(tool, asked);
    if (options["json"] === true) printJson({ entries: entries.map(printed) });
    else print(auditText(entries, more));
    return exitCode.done;
  });
}

/** @returns what is wrong with it, as a sentence. */
function readAsked(options: Options): Asked | string {
  const since = readSince(textOf(options, "since"));
  if (since === undefined) return "--since takes a time ago, such as 7d, or 2026-01-31T12:00:00Z.";
  const limit = textOf(options, "limit");
  const most = limit === undefined ? null : read(limit, (text) => count(1, 1e9).parse(text));
  if (most === undefined) return "--limit takes a whole number, 1 or larger.";
  const who = textOf(options, "who");
  return {
    since,
    most: most ?? (options["json"] === true ? Number.POSITIVE_INFINITY : usual),
    who: who === undefined ? null : whoOf(who),
    resource: textOf(options, "repository") ?? null,
  };
}

/** A name alone is a user's, as in rules. */
function whoOf(text: string): string {
  return text.includes(":") || text === "server" ? text : `user:${text}`;
}

/** @returns undefined for what is not understood. */
function readSince(text: string | undefined): Asked["since"] | undefined {
  if (text === undefined) return null;
  const at = isoTime.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return () => at;
  const ago = read(text, (given) => duration("0", "3650d").parse(given));
  return ago === undefined ? undefined : (now) => now - ago;
}

function read<T>(text: string, parse: (text: string) => T): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

/** @returns the entries, and whether there are others. */
async function collect({ listAudit, accounts }: Tool, { since, most, ...asked }: Asked) {
  const entries: StoredAuditEntry[] = [];
  const from = since === null ? null : since(accounts.now());
  let after: AuditCursor | null = null;
  for (;;) {
    const limit = Math.min(pageSize, most - entries.length);
    const page: Awaited<ReturnType<Tool["listAudit"]>> = await listAudit({
      ...asked,
      ...{ since: from, after, limit },
    });
    entries.push(...page.entries);
    after = page.entries.at(-1) ?? null;
    if (!page.more || entries.length >= most) return { entries, more: page.more };
  }
}

/** As `GET /v1/audit` prints it. */
function printed({ at, id: _, previous, ...entry }: StoredAuditEntry) {
  return { at: new Date(at).toISOString(), ...entry, previousDigest: previous };
}
