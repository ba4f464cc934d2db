// The output of `breadbox gc`: facts in, text out. The lines with its counts are a contract, each of them complete in itself.

import { counted, showAge, showBytes, showTime } from "../amounts.ts";
import { duration } from "../config/values.ts";
import type { BlobSum, GcPlan, GcReport, OrphanedBlob } from "../gc/gcRun.ts";
import type { UntaggedSpace } from "../metadata/untagged.ts";

const anyDuration = duration("0", "3650d");

/** Blobs of a plan, as many of them as are shown, and how many there are. */
export class BlobList {
  readonly blobs: OrphanedBlob[] = [];
  readonly #most: number;
  #count = 0;

  /** @param most blobs that are shown. */
  constructor(most: number) {
    this.#most = most;
  }

  readonly add = (blob: OrphanedBlob): void => {
    this.#count += 1;
    if (this.blobs.length < this.#most) this.blobs.push(blob);
  };

  /** Blobs that are not shown. */
  get more(): number {
    return this.#count - this.blobs.length;
  }
}

/** Options of printing a plan. */
export interface PlanTelling {
  readonly dryRun: boolean;
  /** True when a smaller age was asked for than what pushes were promised. */
  readonly isShort: boolean;
}

/** The facts before anything is deleted. */
export function planText(plan: GcPlan, list: BlobList, { dryRun, isShort }: PlanTelling): string {
  return [
    ...foundLines(plan, dryRun),
    ...list.blobs.map(
      ({ digest, size }) => `  ${digest ?? "(bytes without a row)"}  ${showBytes(size)}`,
    ),
    ...(list.more === 0 ? [] : [`  … and ${list.more} more (--verbose lists them)`]),
    ...strayLines(plan),
    ...protectionLines(plan),
    ...(isShort ? promiseLines(plan) : []),
  ].join("\n");
}

function strayLines({ strays }: GcPlan): string[] {
  if (strays.blobs === 0) return [];
  return [`Of these, ${sumText(strays)} in files that a crash left without a row`];
}

function protectionLines({ limits, protected: protection }: GcPlan): string[] {
  const { leased, leasedUntil, young, awaited } = protection;
  const age = exactAge(limits.now - limits.olderThan);
  const until = leasedUntil > limits.now ? ` until ${showTime(leasedUntil)}` : "";
  return [
    ...kept(leased, "recently pushed, mounted or requested, or part of a running push", until),
    ...kept(young, `younger than ${age}`),
    ...kept(awaited, "an upload that is about to end may use it"),
  ];
}

/** As it was asked for: `90s`. A clock that was set back makes ages of no round number. */
function exactAge(ms: number): string {
  return ms % 1000 === 0 ? String(anyDuration.show(ms)) : showAge(ms);
}

/** For a user who pushed, deleted and collected at once and wonders where the space is. */
function promiseLines({ limits, protected: { leased, leasedUntil } }: GcPlan): string[] {
  if (leased.blobs === 0) return [];
  const when =
    leasedUntil > limits.now
      ? `they can be deleted from ${showTime(leasedUntil)} on, unless their push is still running then`
      : "they can be deleted when the push ends";
  return [`Note: --min-age does not apply to pushed blobs, which are kept for gc.minAge: ${when}`];
}

const kept = (sum: BlobSum, why: string, until = ""): string[] =>
  sum.blobs === 0 ? [] : [`Kept ${sumText(sum)}${until}: ${why}`];

const sumText = ({ blobs, bytes }: BlobSum): string =>
  `${counted(blobs, "blob")} (${showBytes(bytes)})`;

/** The title, and what was found. */
export const foundLines = (
  { total, referenced }: Pick<GcPlan, "total" | "referenced">,
  dryRun: boolean,
): string[] => [
  dryRun ? "Garbage Collection (dry run)" : "Garbage Collection",
  `Found ${total} total blobs`,
  `Found ${referenced} referenced blobs`,
];

/** Nothing where there were none. */
export const manifestLines = (verb: "Would delete" | "Deleted", count: number): string[] =>
  count === 0 ? [] : [`${verb} ${counted(count, "untagged manifest")}`];

/** What orphaned blobs give back, or would. */
export const orphanLines = ({ dryRun, blobs, bytes }: BlobSum & { readonly dryRun: boolean }) => [
  `${dryRun ? "Would delete" : "Deleted"} ${blobs} orphaned blobs`,
  `${dryRun ? "Would reclaim" : "Reclaimed"} ${showBytes(bytes)}`,
];

/** The lines after a plan that was not executed. */
export function dryRunText({ counts, plan, reason, notes }: GcReport): string {
  const links = plan?.links ?? 0;
  return [
    ...manifestLines("Would delete", counts.deletedManifests),
    ...(links === 0 ? [] : [`Would remove ${linksText(links)}`]),
    ...notes.map((note) => `Note: ${note}`),
    ...(reason === null
      ? []
      : [`Note: a run by schedule, or without a terminal and --yes, would be refused: ${reason}`]),
    ...orphanLines({ dryRun: true, blobs: counts.orphanedBlobs, bytes: counts.orphanedBytes }),
  ].join("\n");
}

/** The lines after a completed run. */
export function doneText({ counts, finished, notes, durationMs }: GcReport): string {
  return [
    ...(finished.blobs === 0
      ? []
      : [`Finished the deletions of an earlier run: ${sumText(finished)}`]),
    ...manifestLines("Deleted", counts.deletedManifests),
    ...(counts.deletedLinks === 0 ? [] : [`Removed ${linksText(counts.deletedLinks)}`]),
    ...notes.map((note) => `Note: ${note}`),
    ...orphanLines({ dryRun: false, blobs: counts.deletedBlobs, bytes: counts.deletedBytes }),
    `Duration: ${showDuration(durationMs)}`,
  ].join("\n");
}

const linksText = (links: number): string =>
  `${counted(links, "link")} of repositories to blobs that none of their manifests uses`;

/** `45s`, `2m 5s`: seconds matter to who waits. */
function showDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m ${seconds % 60}s`;
}

/** The facts about a run's end. */
export interface UntaggedTelling {
  readonly dryRun: boolean;
  /** How old untagged manifests must be to be deleted, in ms; null: they stay. */
  readonly olderThanMs: number | null;
  /** The lease of pushed content (`gc.minAge`), in ms. */
  readonly leaseMs: number;
}

/** For a user who deleted a tag, or pushed over it, and wonders where the space is. @returns lines; none when nothing is kept so. */
export function untaggedText(
  { untagged, counts }: Pick<GcReport, "untagged" | "counts">,
  { dryRun, olderThanMs, leaseMs }: UntaggedTelling,
): string[] {
  if (untagged === null || untagged.bytes === 0) return [];
  // They still exist: the dry run has listed them.
  if (dryRun && counts.deletedManifests > 0) return [];
  const { bytes, manifests } = untagged;
  const age = exactAge(leaseMs);
  const verb = manifests === 1 ? "keeps" : "keep";
  const rule =
    olderThanMs === null
      ? "Untagged manifests are not deleted automatically, because clients may pull them by digest."
      : `Untagged manifests are deleted once they were pushed more than ${exactAge(olderThanMs)} ago.`;
  const always = olderThanMs === null ? "; to do so in every run: set gc.untagged.enabled" : "";
  return [
    `${counted(manifests, "untagged manifest")} ${verb} ${showBytes(bytes)}${placesOf(untagged)}`,
    rule,
    `To delete those that were pushed more than ${age} ago: breadbox gc --untagged ${age}${always}`,
  ];
}

/** ` in team/app`, or the largest parts. */
function placesOf({ repositories, otherRepositories }: UntaggedSpace): string {
  const [only, ...others] = repositories;
  if (only !== undefined && others.length === 0) return ` in ${only.repository}`;
  const parts = repositories.map(
    ({ repository, manifests, bytes }) => `${repository} ${showBytes(bytes)} (${manifests})`,
  );
  const more = otherRepositories === 1 ? "repository" : "repositories";
  if (otherRepositories > 0) parts.push(`and ${otherRepositories} more ${more}`);
  return `: ${parts.join(", ")}`;
}

/** Why a run did not take place, or how far it came. */
export function failureText({ state, reason, counts }: GcReport): string {
  if (state === "refused") return `Garbage collection refused: ${reason}`;
  const gone =
    counts.deletedBlobs === 0
      ? "Nothing was deleted."
      : `${counted(counts.deletedBlobs, "blob")} had been deleted by then; the next run continues.`;
  return `Garbage collection failed: ${reason}\n${gone}`;
}

/** The question before a large deletion. */
export function question({ orphaned, unexplained, total, totalBytes }: GcPlan): string {
  const share = Math.max(unexplained.blobs / (total || 1), unexplained.bytes / (totalBytes || 1));
  return `No client deleted, replaced or left unused ${sumText(unexplained)} of these, ${Math.round(share * 100)} % of what is stored: rows of the database may be lost (breadbox fsck).
Delete ${sumText(orphaned)}? [y/N] `;
}

const time = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

/** Options of the JSON output. */
export interface GcJsonParts {
  readonly list: BlobList;
  readonly dryRun: boolean;
}

/** The whole outcome for programs. */
export function gcJson(report: GcReport, { list, dryRun }: GcJsonParts): unknown {
  const { state, reason, counts, plan, finished, notes, untagged, startedAt, durationMs } = report;
  return {
    dryRun,
    state,
    reason,
    ...counts,
    strayBlobs: plan?.strays.blobs ?? 0,
    looseLinks: plan?.links ?? 0,
    protected: plan && {
      ...plan.protected,
      leasedUntil: time(plan.protected.leasedUntil),
    },
    unexplained: plan?.unexplained ?? null,
    untagged,
    finished,
    notes,
    blobs: list.blobs,
    moreBlobs: list.more,
    startedAt: time(startedAt),
    durationMs: Math.round(durationMs),
  };
}
