// The history of checks (fsck, the scrub): a part of port 2. Apart from the inspection itself, which works without it.
import type { Digest } from "../model/digest.ts";

/** `fsck` compares rows with files; `scrub` is a pass of the scrub, which reads stored bytes at a limited rate. */
export type CheckKind = "fsck" | "scrub";

/** The origin of a check. */
export type CheckTrigger = "schedule" | "api" | "command";

/**
 * `clean`: nothing is wrong, or nothing is any more. `problems`: something is, or could not be looked at. `failed`: it ended before
 * everything was looked at, or was killed. `stopped`: its server stopped, or nobody goes on with it now.
 */
export type CheckState = "running" | "clean" | "problems" | "failed" | "stopped";

/** Where a check begins. */
export interface CheckBeginning {
  /** UUIDv7: checks that began later have greater ids (`laterId`). */
  readonly id: string;
  readonly kind: CheckKind;
  readonly trigger: CheckTrigger;
  /** Every stored byte is read. */
  readonly full: boolean;
  readonly repair: boolean;
  /** Unix ms. */
  readonly startedAt: number;
}

/** How far a check is. */
export interface CheckProgress {
  /** What it looks at, as `FsckProgress` names it. */
  readonly phase: string;
  /** Bytes where contents are read, things otherwise. `total` is 0 while it is not known. */
  readonly done: number;
  readonly total: number;
}

/** What was looked at. */
export interface CheckedAmount {
  /** Stored blobs that were looked at. */
  readonly contents: number;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
}

/** How much a finding matters. */
export type NotedSeverity = "problem" | "unchecked" | "notice";
/** What a repair came to; null: none was made. */
export type NotedOutcome = "solved" | "waits" | "failed" | null;

/** Findings that are alike. */
export interface FindingCount {
  /** As `breadbox fsck --json` names it. */
  readonly kind: string;
  readonly severity: NotedSeverity;
  readonly outcome: NotedOutcome;
  readonly count: number;
}

/** A finding as it is remembered. */
export interface NotedFinding extends Omit<FindingCount, "count"> {
  /** What it is, and what it means, for people. */
  readonly text: string;
  /** What to do about it, for people; null where the text says it. */
  readonly advice: string | null;
  /** The command that repairs it; null for none. */
  readonly command: string | null;
  /** What it is about, where it is content or a manifest. */
  readonly digest: Digest | null;
  /** A repository that it concerns; null for none. */
  readonly repository: string | null;
}

/** What a check found. */
export interface CheckFindings {
  readonly kinds: readonly FindingCount[];
  /** Problems before others; the first `notedFindings` are kept. */
  readonly findings: readonly NotedFinding[];
}

/** How a check ended. */
export interface CheckEnding extends CheckedAmount, CheckFindings {
  readonly state: Exclude<CheckState, "running">;
  /** Why it failed or stopped, or why nothing was repaired; null otherwise. */
  readonly reason: string | null;
  /** Unix ms. */
  readonly finishedAt: number;
}

/** A check in a list. */
export interface CheckSummary extends CheckBeginning, CheckedAmount {
  readonly state: CheckState;
  readonly kinds: readonly FindingCount[];
  readonly reason: string | null;
  /** null once it has ended. */
  readonly progress: CheckProgress | null;
  /** Unix ms; null while it runs, and when it was killed. */
  readonly finishedAt: number | null;
}

/** A check with what it found. */
export interface CheckRun extends CheckSummary, CheckFindings {}

/** Part of a pass of the scrub. */
export interface ScrubNote extends CheckedAmount {
  /** Findings of this part. */
  readonly findings: readonly NotedFinding[];
  /** True when nothing more is due. */
  readonly finished: boolean;
  /** Unix ms. */
  readonly now: number;
}

/** How many checks are remembered. */
export const rememberedChecks = 200;
/** How many findings of each. */
export const notedFindings = 50;

export interface ChecksMetadata {
  /**
   * Remembers an fsck that begins, and forgets the oldest beyond `rememberedChecks`.
   * @param owner its process. @param alone true: not while another fsck runs.
   * @returns the id and the owner of the one that runs, if this one may not begin; else null.
   */
  beginCheck(
    beginning: CheckBeginning,
    rule: { readonly owner: string; readonly alone: boolean },
  ): Promise<{ readonly id: string; readonly owner: string } | null>;
  /** A sign of life. Without one for a minute a check counts as killed. Not durable on purpose. */
  advanceCheck(id: string, progress: CheckProgress): Promise<void>;
  /** @returns the check as it ended; null when it was forgotten meanwhile. */
  endCheck(id: string, ending: CheckEnding): Promise<CheckRun | null>;
  /** Ends a check that is said to run, with what it had looked at by then. @returns false when it does not run. */
  breakOffCheck(id: string, reason: string): Promise<boolean>;
  /**
   * Begins a pass of the scrub over the content that is due, or goes on with it after a restart. Earlier passes that have not ended are
   * stopped. @param round identifies the pass: content that was neither stored nor read since then is due (Unix ms).
   * @returns false when it has ended before, or nothing is due.
   */
  beginScrub(
    beginning: Pick<CheckBeginning, "id" | "startedAt"> & { readonly round: number },
  ): Promise<boolean>;
  /** Adds a part to a pass that was begun; one that has ended stays as it is. Not durable on purpose. */
  noteScrub(round: number, note: ScrubNote): Promise<void>;
  findCheck(id: string): Promise<CheckRun | null>;
  /** Checks with an id before `after`, the latest first. */
  listChecks(page: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<readonly CheckSummary[]>;
  /** Checks that are said to run, with their owners. */
  listRunning(): Promise<readonly { readonly id: string; readonly owner: string }[]>;
  /** The latest of each kind and depth that has looked at everything, and the running pass of the scrub; the latest first. */
  listLatest(): Promise<readonly CheckSummary[]>;
}
