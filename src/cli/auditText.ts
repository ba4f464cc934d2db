// What `breadbox audit` prints: entries in, text out.

import { utcTime } from "../amounts.ts";
import type { StoredAuditEntry } from "../metadata/audit.ts";
import { table } from "./table.ts";

/** Characters of a digest: its algorithm and the first twelve digits. */
const shortDigest = 19;

/** The latest first. @param more whether there are others. */
export function auditText(entries: readonly StoredAuditEntry[], more: boolean): string {
  if (entries.length === 0) return "There are no entries.";
  const rows = entries.map((entry) => [
    utcTime(entry.at),
    entry.event,
    entry.who ?? "-",
    entry.address ?? "-",
    aboutText(entry),
  ]);
  const text = table([["TIME (UTC)", "EVENT", "WHO", "ADDRESS", "WHAT"], ...rows]);
  return more ? `${text}\nThere are more: --limit, --since or --json shows them.` : text;
}

/** `lab/app:1.2 sha256:4bcff63911fc (before: sha256:e0d7bb2f1c9a)`, `rule:7 allow user:bob lab/** pull`, `37 times`. */
function aboutText({ resource, detail, digest, previous, times }: StoredAuditEntry): string {
  const often = times === 1 ? "" : `${times} times`;
  if (resource === null) return often;
  const isTag = digest !== null && detail !== null && detail !== digest;
  const name = isTag ? `${resource}:${detail}` : resource;
  return [
    name,
    isTag || detail === digest ? "" : (detail ?? ""),
    digest === null ? "" : digest.slice(0, shortDigest),
    previous === null ? "" : `(before: ${previous.slice(0, shortDigest)})`,
    often,
  ]
    .filter((part) => part !== "")
    .join(" ");
}
