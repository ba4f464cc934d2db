// The cleanup of upload sessions: idle sessions are deleted, row first, then bytes; so are leftovers of crashes.

import { Attempts, type Undeleted } from "../gc/attempts.ts";
import type { Hold } from "../metadata/locks.ts";
import type {
  ListedUpload,
  UploadSession,
  UploadSweepMetadata,
  UploadsMetadata,
} from "../metadata/metadata.ts";
import { IdSums } from "../model/idSums.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Repair } from "../storage/repair.ts";
import type { StagedEntry, Staging } from "../storage/staging.ts";
import { type Paced, paced, pacedItems } from "./pace.ts";

/** The ports and functions that a sweep works with. */
export interface SweepDeps {
  readonly metadata: Pick<
    UploadsMetadata & UploadSweepMetadata,
    | "lowerTimes"
    | "expireUploads"
    | "forgetFinished"
    | "listUploads"
    | "removeUpload"
    | "findUpload"
  >;
  readonly storage: {
    readonly staging: Pick<Staging, "list" | "discard" | "tidy">;
    readonly repair: Pick<Repair, "holdsStaged">;
  };
  /** The wall clock, Unix ms: for what was written while it was ahead. */
  readonly clock: () => number;
  /** The time that ages are judged by, Unix ms; null while the clock is in doubt: then nothing is deleted for its age. */
  readonly ageNow: () => number | null;
  /** The leader's: sessions end while it has the lock. Absent where there is one server. */
  readonly hold?: Hold | null;
  /** When staged bytes without a start time were first seen, Unix ms; kept from one sweep to the next. */
  readonly firstSeen: Map<UploadId, number>;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
  /** Called for each dropped session. */
  readonly onDropped: (dropped: Dropped) => void;
}

/** The reason of a drop. */
export type DropReason =
  /** A session without a byte for too long. */
  | "expired"
  /** Staged bytes that no session knows of. */
  | "without row"
  /** A session whose staged bytes have been deleted. */
  | "without bytes";

/** One session, or a leftover of one. */
export interface Dropped {
  readonly id: UploadId;
  readonly reason: DropReason;
  /** null without a row. */
  readonly repository: string | null;
  /** Bytes that were staged; null without a row. */
  readonly bytes: number | null;
}

/** Rows in one transaction: other writers wait for a few milliseconds at most. */
const batch = 100;
/** A closing request may be repeated for 15 minutes; its session is remembered a little longer. Unit: ms. */
const rememberFinishedMs = 20 * 60_000;

/** A new session notes its start, and gets its row two small writes later. That never takes this long. Unit: ms. */
const startingMs = 60_000;

/** After this many drops, pages of rows, and names of staged bytes the sweep rests. */
const [dropsBeforeRest, pagesBeforeRest, namesBeforeRest] = [20, 10, 1_000];

/** The things that the steps of a sweep share. */
interface Sweep extends Omit<SweepDeps, "ageNow" | "clock"> {
  readonly attempts: Attempts;
  readonly dropping: Paced;
  /** The current time for the whole sweep, Unix ms. */
  readonly now: number;
}

/**
 * One sweep. Safe to stop anywhere and to repeat. A deletion that fails does not stop the others.
 * @param timeoutMs how long a session may be without a byte.
 * @param staleMs how long bytes may be there that no session knows of, if that is less. @returns the failed deletions; null when all succeeded.
 */
export async function sweepUploads(
  options: SweepDeps,
  timeoutMs: number,
  staleMs: number = timeoutMs,
): Promise<Undeleted | null> {
  const { clock, ageNow, metadata, storage: unpaced, rest } = options;
  const attempts = new Attempts();
  const dropping = paced({ steps: dropsBeforeRest, rest });
  const storage = pacing(unpaced, dropping);
  await metadata.lowerTimes(clock());
  const now = ageNow();
  if (now !== null) await metadata.forgetFinished(now - rememberFinishedMs);
  await attempts.make("discards", () => storage.staging.tidy());
  if (now === null) return attempts.undeleted;
  const deps = { ...options, storage, attempts, dropping, now };
  await expire(deps, timeoutMs);
  await compare(deps, Math.min(timeoutMs, staleMs));
  return attempts.undeleted;
}

/** The storage, with drops at a pace that leaves the disk to others most of the time. */
function pacing({ staging, repair }: SweepDeps["storage"], dropping: Paced): SweepDeps["storage"] {
  return {
    repair,
    staging: {
      list: () => staging.list(),
      tidy: () => staging.tidy(),
      discard: (id, state) => dropping(() => staging.discard(id, state)),
    },
  };
}

async function expire(deps: Sweep, timeoutMs: number): Promise<void> {
  for (;;) {
    const idleSince = deps.now - timeoutMs;
    const gone = await deps.metadata.expireUploads({
      idleSince,
      limit: batch,
      hold: deps.hold ?? null,
    });
    for (const session of gone) await drop(deps, session, "expired");
    if (gone.length < batch) return;
  }
}

/**
 * Looks for bytes without a row and rows without bytes. Bytes are listed first: a session that starts meanwhile has both. The list may
 * leave sessions out that a row knows, so their bytes are asked for. Neither of them is kept: there may be a million.
 */
async function compare(deps: Sweep, staleMs: number): Promise<void> {
  const [staged, known] = [new IdSums(), new IdSums()];
  for await (const { id } of listStaged(deps)) staged.add(id);
  for await (const page of listRows(deps)) {
    for (const row of page) {
      known.add(row.id);
      if (!staged.has(row.id)) await dropWithoutBytes(deps, row);
    }
  }
  await dropStrays(deps, { staged, known, staleMs });
}

async function dropWithoutBytes(deps: Sweep, row: ListedUpload): Promise<void> {
  // The bytes of a session that is being finished have been published already.
  const { id, writing, startedAt, updatedAt } = row;
  const startsNow = Math.min(startedAt, updatedAt) > deps.now - startingMs;
  if (writing || startsNow || (await deps.storage.repair.holdsStaged(row))) return;
  // Its writer may have moved its bytes on since the rows were listed.
  const current = await deps.metadata.findUpload(id, row.repository);
  if (current === null || current.staging !== row.staging || current.updatedAt !== updatedAt) {
    return;
  }
  const removed = await deps.dropping(() => deps.metadata.removeUpload(id, row.repository));
  if (removed !== null) deps.onDropped(describe(removed, "without bytes"));
}

const listStaged = ({ storage, rest }: Sweep): AsyncIterable<StagedEntry> =>
  pacedItems(storage.staging.list(), { steps: namesBeforeRest, rest });

const listRows = ({ metadata, rest }: Sweep): AsyncIterable<readonly ListedUpload[]> =>
  pacedItems(rowPages(metadata), { steps: pagesBeforeRest, rest });

async function* rowPages(
  metadata: Pick<UploadSweepMetadata, "listUploads">,
): AsyncGenerator<readonly ListedUpload[]> {
  let after: UploadId | null = null;
  for (;;) {
    const page: readonly ListedUpload[] = await metadata.listUploads({ after, limit: batch });
    yield page;
    after = page.at(-1)?.id ?? null;
    if (page.length < batch) return;
  }
}

/** What was staged before the rows were read, and is of none of them. */
async function dropStrays(
  deps: Sweep,
  { staged, known, staleMs }: { staged: IdSums; known: IdSums; staleMs: number },
): Promise<void> {
  const { now, firstSeen, storage, attempts } = deps;
  for (const id of firstSeen.keys()) if (!staged.has(id)) firstSeen.delete(id);
  for await (const entry of listStaged(deps)) {
    const { id, staging } = entry;
    if (known.has(id) || !staged.has(id)) continue;
    if (now - startOf(id, await entry.startedAt(), deps) < staleMs) continue;
    if (!(await attempts.make(id, () => storage.staging.discard(id, staging)))) continue;
    firstSeen.delete(id);
    deps.onDropped({ id, reason: "without row", repository: null, bytes: null });
  }
}

/** A start time that is absent, unreadable or in the future counts from the moment it was first seen. */
function startOf(id: UploadId, startedAt: number | null, { now, firstSeen }: Sweep): number {
  if (startedAt !== null && startedAt <= now) return startedAt;
  // The clock may have been set back since.
  const seen = Math.min(firstSeen.get(id) ?? now, now);
  firstSeen.set(id, seen);
  return seen;
}

/** The row is deleted. A later sweep finds bytes that cannot be deleted now. */
async function drop(deps: Sweep, session: UploadSession, reason: DropReason): Promise<void> {
  await deps.attempts.make(session.id, () =>
    deps.storage.staging.discard(session.id, session.staging),
  );
  deps.onDropped(describe(session, reason));
}

function describe({ id, repository, offset }: UploadSession, reason: DropReason): Dropped {
  return { id, reason, repository, bytes: offset };
}
