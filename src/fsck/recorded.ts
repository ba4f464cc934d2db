// An inspection whose result is remembered. What cannot be remembered does not keep anybody from looking.
import { causeText } from "../errors.ts";
import type { CheckBeginning, CheckEnding, CheckRun, ChecksMetadata } from "../metadata/checks.ts";
import { nextCheckId } from "./checkId.ts";
import { inspectStore } from "./fsck.ts";
import type { FsckDeps, FsckProgress, FsckReport, FsckRequest } from "./fsckRun.ts";
import { noteReport } from "./noted.ts";

/** The dependencies of a remembered inspection. */
export interface RecordedDeps extends FsckDeps {
  readonly checks: Pick<ChecksMetadata, "advanceCheck" | "endCheck">;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** What became of it. */
export interface Recorded {
  readonly report: FsckReport;
  /** The remembered check; null when it could not be remembered. */
  readonly run: CheckRun | null;
}

/** How often its progress is written; ms. */
const noteEveryMs = 2_000;

/**
 * Inspects, and writes progress and result to the check that was begun.
 * @throws what made the whole inspection impossible, or the reason of `signal`: that is remembered, too.
 */
export async function inspectAndRecord(
  deps: RecordedDeps,
  { id, request }: { readonly id: CheckBeginning["id"]; readonly request: FsckRequest },
  onProgress: (progress: FsckProgress) => void = () => {},
): Promise<Recorded> {
  const { checks, clock, signal } = deps;
  const note = throttled(deps, id);
  // The end may fail where the inspection did not: on a full disk, say.
  const end = (ending: Omit<CheckEnding, "finishedAt">) =>
    checks.endCheck(id, { ...ending, finishedAt: clock() }).catch(() => null);
  try {
    const report = await inspectStore(deps, request, (progress) => {
      note(progress);
      onProgress(progress);
    });
    const { contents, hashed } = report.checked;
    const run = await end({
      ...{ contents, bytes: hashed, state: report.clean ? "clean" : "problems" },
      reason: report.refusal === null ? null : `nothing was repaired: ${report.refusal}`,
      ...noteReport(report),
    });
    return { report, run };
  } catch (error) {
    const state = signal?.aborted === true ? "stopped" : "failed";
    const reason = causeText(error);
    await end({ state, reason, contents: 0, bytes: 0, kinds: [], findings: [] });
    throw error;
  }
}

/** Two writes never wait for each other: one that takes long leaves others out. */
function throttled({ checks, now }: RecordedDeps, id: string) {
  let [notedAt, isWriting] = [now(), false];
  return ({ phase, done, total }: FsckProgress): void => {
    if (isWriting || now() - notedAt < noteEveryMs) return;
    [notedAt, isWriting] = [now(), true];
    checks
      .advanceCheck(id, { phase, done, total })
      // Whether it can be written shows at its end.
      .catch(() => {})
      .finally(() => {
        isWriting = false;
      });
  };
}

/** Where a command looks. */
export interface CommandDeps extends RecordedDeps {
  readonly checks: Pick<ChecksMetadata, "advanceCheck" | "endCheck" | "beginCheck" | "listChecks">;
  readonly newId: () => string;
  /** This process, as others know it. */
  readonly owner: string;
}

/** An inspection by command, beside others that run. A store that takes no writes is inspected all the same. */
export async function checkByCommand(
  deps: CommandDeps,
  request: FsckRequest,
  onProgress: (progress: FsckProgress) => void,
): Promise<Recorded> {
  const { checks, clock, newId, owner } = deps;
  const { full, repair } = request;
  const begin = async (): Promise<string> => {
    const id = await nextCheckId(checks, newId);
    const beginning = { id, kind: "fsck", trigger: "command", full, repair } as const;
    await checks.beginCheck({ ...beginning, startedAt: clock() }, { owner, alone: false });
    return id;
  };
  const id = await begin().catch(() => null);
  if (id !== null) return inspectAndRecord(deps, { id, request }, onProgress);
  return { report: await inspectStore(deps, request, onProgress), run: null };
}
