// How the server is, on one screen: `breadbox status`, `GET /v1/status`, the first page.
import { showTime } from "../amounts.ts";
import type { BackupStanding } from "../metadata/backups.ts";
import type { CheckSummary } from "../metadata/checks.ts";
import type { GcRefusals, GcRun, GcRunsMetadata } from "../metadata/gcRuns.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { Space } from "../storage/storage.ts";
import type { ImagesDeps } from "./deps.ts";

/** What only the assembly knows. */
export interface ServerFacts {
  /** `open`: nobody logs in. `empty`: everybody has to, and there is nobody who could. */
  readonly door: "open" | "empty" | "closed";
  /** As `http.listen` has it: `127.0.0.1:5000`. */
  readonly listen: string;
  readonly scheme: "http" | "https";
  /** True when only this machine reaches it. */
  readonly isLoopback: boolean;
  /** False when a command asks, and no server is running. */
  readonly isRunning: boolean;
  /** Why nothing can be written until a restart; null while it can. */
  readonly readOnlySince: string | null;
}

/** What a status is read from. */
export interface StatusDeps extends Pick<ImagesDeps, "unfinished" | "book"> {
  readonly gcRuns: Pick<GcRunsMetadata, "listRuns" | "lastSuccess" | "findRefusals">;
  readonly checks: {
    /** The latest check whose problems nothing has shown to be over; null for none. */
    findStanding(): Promise<CheckSummary | null>;
  };
  readonly backups: () => Promise<BackupStanding>;
  readonly access: Pick<Metadata["access"], "countUsers">;
  /** null where space has no end. */
  readonly space: () => Promise<Space | null>;
  readonly server: () => Promise<ServerFacts>;
  /** Unix ms. */
  readonly clock: () => number;
}

/** Something that an operator should know. */
export interface StatusWarning {
  readonly code:
    | "read-only"
    | "disk"
    | "open"
    | "empty"
    | "plain-http"
    | "gc-refused"
    | "gc-failed"
    | "check"
    | "backup-old"
    | "backup-failed";
  /** `problem`: something does not work. `note`: it works, and should perhaps not. */
  readonly level: "problem" | "note";
  /** A sentence for people. */
  readonly text: string;
}

/** All of it. Sizes in bytes. */
export interface Status {
  readonly server: ServerFacts;
  /** Users of the database; those of an htpasswd file are not counted. */
  readonly users: number;
  readonly repositories: number;
  readonly tags: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly space: Space | null;
  readonly uploads: number;
  readonly uploadBytes: number;
  /** The latest run of the garbage collection that is not dry; null for none. */
  readonly lastCollection: GcRun | null;
  /** When the latest run ended that deleted what it found, Unix ms; null for none. */
  readonly lastSuccessAt: number | null;
  /** Scheduled runs that were refused since then; null for none. */
  readonly refusals: GcRefusals | null;
  /** The latest check whose problems nothing has shown to be over; null for none. */
  readonly standingCheck: CheckSummary | null;
  readonly backups: BackupStanding;
  /** Problems first. */
  readonly warnings: readonly StatusWarning[];
  /** Unix ms. */
  readonly readAt: number;
}

/** Runs that are looked through for one that is not dry. */
const lookedRuns = 20;
/** Less than this share of the disk is a problem. Uploads stop at 2 %. */
const shortShare = 0.05;

/** Reads it. */
export async function readStatus(deps: StatusDeps): Promise<Status> {
  const { unfinished, book, gcRuns } = deps;
  const [server, space, counted, runs] = await Promise.all([
    deps.server(),
    deps.space(),
    book.read(),
    gcRuns.listRuns({ after: null, limit: lookedRuns }),
  ]);
  const { sessions, inParts } = await unfinished.read();
  const lastCollection = runs.find(({ dryRun }) => !dryRun) ?? null;
  const refusals = await gcRuns.findRefusals();
  const standingCheck = await deps.checks.findStanding();
  const backups = await deps.backups();
  const facts = { server, space, lastCollection, refusals, standingCheck, backups };
  return {
    ...facts,
    users: await deps.access.countUsers(),
    repositories: counted.repositories.length,
    tags: counted.repositories.reduce((sum, { tags }) => sum + tags, 0),
    ...{ blobs: counted.kept.blobs, bytes: counted.kept.bytes },
    uploads: sessions.sessions + inParts.uploads,
    uploadBytes: sessions.bytes + inParts.bytes,
    lastSuccessAt: await gcRuns.lastSuccess(),
    warnings: warningsOf(facts),
    readAt: deps.clock(),
  };
}

/** What is worth a word. */
export function warningsOf({
  server,
  space,
  lastCollection,
  refusals,
  standingCheck,
  backups,
}: Pick<
  Status,
  "server" | "space" | "lastCollection" | "refusals" | "standingCheck" | "backups"
>): readonly StatusWarning[] {
  const warnings: StatusWarning[] = [];
  const add = (code: StatusWarning["code"], level: StatusWarning["level"], text: string) =>
    warnings.push({ code, level, text });
  if (server.readOnlySince !== null) {
    add("read-only", "problem", `The store is read-only until a restart: ${server.readOnlySince}`);
  }
  if (space !== null && space.free < space.total * shortShare) {
    const percent = Math.floor((100 * space.free) / Math.max(1, space.total));
    add("disk", "problem", `The disk is nearly full: ${percent} % are free.`);
  }
  if (server.door === "empty") {
    add("empty", "problem", "Nobody can log in: breadbox user add NAME --admin");
  }
  if (refusals !== null) {
    add("gc-refused", "problem", `Garbage is not collected: ${refusals.reason}`);
  }
  if (lastCollection?.state === "failed") {
    const why = lastCollection.reason ?? "it was broken off";
    add("gc-failed", "problem", `The last garbage collection failed: ${why}`);
  }
  if (standingCheck !== null) add("check", "problem", checkText(standingCheck));
  for (const { code, text } of backupWarnings(backups)) add(code, "problem", text);
  if (server.isLoopback) return warnings;
  if (server.door === "open") {
    add("open", "note", "No login: everybody who reaches the server can push and delete.");
  }
  if (server.scheme === "http") {
    add("plain-http", "note", "Plain HTTP: other machines need a proxy with TLS, or --tls.");
  }
  return warnings;
}

/** What is wrong with the backups of a store. */
export function backupWarnings({ last, lastCompleteAt, isAhead, isOverdue }: BackupStanding) {
  const ahead = isAhead ? ", in the future, because the clock was set back" : "";
  const old =
    lastCompleteAt === null
      ? "There is no complete backup yet: breadbox backup TARGET"
      : `The last complete backup is of ${showTime(lastCompleteAt)}${ahead}: breadbox backup TARGET`;
  const failed =
    last?.state === "incomplete"
      ? `The last backup is not complete: ${last.reason}`
      : `The last backup failed: ${last?.reason}`;
  return [
    ...(isOverdue ? [{ code: "backup-old", text: old } as const] : []),
    ...(last === null || last.state === "done"
      ? []
      : [{ code: "backup-failed", text: failed } as const]),
  ];
}

/** What a person types next is the same for all of them. */
function checkText({ kind, startedAt }: CheckSummary): string {
  const what = kind === "scrub" ? "The scrub" : "The check";
  return `${what} of ${showTime(startedAt)} found problems: breadbox checks show`;
}
