// The inspection of a whole store: rows against files, files against rows, bytes against digests. It looks only; what it may change is in
// fsckRepair.ts. With a running server it looks twice before it reports a fault.
import { type Finding, repairOf, severityOf } from "./findings.ts";
import { inspectContents } from "./fsckContents.ts";
import { inspectManifests } from "./fsckManifests.ts";
import { inspectNames } from "./fsckNames.ts";
import { inspectMultipart, inspectObjects } from "./fsckObjects.ts";
import { repairFindings } from "./fsckRepair.ts";
import type {
  Checked,
  FsckDeps,
  FsckProgress,
  FsckReport,
  FsckRequest,
  Inspection,
  Judged,
  Repaired,
} from "./fsckRun.ts";
import { inspectSessions } from "./fsckSessions.ts";

/** Findings that are kept; a store with more has one cause that is worth to be found first. */
const mostFindings = 10_000;

/** Inspects, and repairs what is safe to repair if asked to. @throws only errors that make the whole inspection impossible, and the reason of `signal`. */
export async function inspectStore(
  deps: FsckDeps,
  request: FsckRequest,
  onProgress: (progress: FsckProgress) => void = () => {},
): Promise<FsckReport> {
  const startedAt = performance.now();
  const seen: Seen = { findings: [], more: 0, hashed: 0 };
  const { findings } = seen;
  const inspection: Inspection = {
    ...deps,
    ...noteIn(seen, deps.signal),
    full: request.full,
    forgetLost: request.forgetLost === true,
    progress: (progress) => {
      deps.signal?.throwIfAborted();
      onProgress(progress);
    },
  };
  const counts = await inspectAll(inspection);
  const refusal = request.repair ? refuseRepair(findings) : null;
  const repaired =
    request.repair && refusal === null
      ? await repairFindings(
          // Among what is not kept may be content of lost objects.
          { ...inspection, forgetLost: inspection.forgetLost && seen.more === 0 },
          findings,
        )
      : new Map<Finding, Repaired>();
  const judged = findings.map((finding) => ({
    finding,
    severity: severityOf(finding),
    repair: repairOf(finding),
    repaired: repaired.get(finding) ?? null,
  }));
  return {
    full: request.full,
    checked: { ...counts, hashed: seen.hashed },
    judged,
    more: seen.more,
    refusal,
    clean: seen.more === 0 && judged.every(isOver),
    durationMs: performance.now() - startedAt,
  };
}

/** The state of an inspection. */
interface Seen {
  readonly findings: Finding[];
  /** Findings that are not kept. */
  more: number;
  /** Bytes. */
  hashed: number;
}

function noteIn(
  seen: Seen,
  signal?: AbortSignal,
): Pick<Inspection, "found" | "attempt" | "hashed"> {
  const found = (finding: Finding): void => {
    if (seen.findings.length < mostFindings) seen.findings.push(finding);
    else seen.more += 1;
  };
  return {
    found,
    attempt: (what, look) => attempt({ found, signal }, what, look),
    hashed: (bytes) => {
      seen.hashed += bytes;
    },
  };
}

/** Nothing is wrong, or not any more. */
function isOver({ severity, repaired }: Judged): boolean {
  return severity === "notice" || repaired?.kind === "solved";
}

async function inspectAll(inspection: Inspection): Promise<Omit<Checked, "hashed">> {
  const { metadata, full, found, progress, attempt } = inspection;
  progress({ phase: "database", done: 0, total: 0 });
  const report = await attempt("the database", () => metadata.inspection.checkDatabase(full));
  for (const fault of report?.faults ?? []) found({ kind: "databaseDamaged", fault });
  for (const row of report?.dangling ?? []) found({ kind: "danglingRow", row });
  // Rows read from a damaged database prove nothing.
  if (report === null || report.faults.length > 0) return unseen;
  const totals = await metadata.inspection.countAll();
  await attempt("stored content", () => inspectContents(inspection, totals));
  await attempt("manifests", () => inspectManifests(inspection, totals));
  await attempt("objects", () => inspectObjects(inspection));
  const names = await attempt("the names of stored content", () => inspectNames(inspection));
  const sessions = await attempt("upload sessions", () => inspectSessions(inspection));
  const multipart = await attempt("uploads into buckets", () => inspectMultipart(inspection));
  return { ...totals, names: names ?? 0, sessions: sessions ?? 0, multipart: multipart ?? 0 };
}

const unseen: Omit<Checked, "hashed"> = {
  contents: 0,
  bytes: 0,
  manifests: 0,
  objects: 0,
  names: 0,
  sessions: 0,
  multipart: 0,
};

async function attempt<T>(
  { found, signal }: Pick<Inspection, "found"> & { readonly signal: AbortSignal | undefined },
  what: string,
  look: () => Promise<T>,
): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    signal?.throwIfAborted();
    found({ kind: "unchecked", what, reason: error instanceof Error ? error.message : `${error}` });
    return null;
  }
}

/** An incomplete inspection must change nothing: an unreadable disk makes everything look lost. */
function refuseRepair(findings: readonly Finding[]): string | null {
  if (findings.some(({ kind }) => kind === "databaseDamaged")) return "the database is damaged";
  const unchecked = findings.filter(({ kind }) => kind === "unchecked").length;
  return unchecked === 0 ? null : "not everything could be checked";
}
