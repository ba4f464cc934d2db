// What `breadbox backup` and `breadbox restore` print. Pure.
import { counted, showAge, showBytes, showTime } from "../amounts.ts";
import type { BackupManifest, LostBackupContent } from "../backup/manifest.ts";
import type { BackupReport, Pruned, VerifyReport } from "../backup/report.ts";
import type { RestoreReport } from "../backup/restore.ts";
import { table } from "./table.ts";

/** Contents that are listed; --json has all of them. */
const listed = 20;

/** The account of a backup. */
export function backupText(report: BackupReport): string {
  const { id, takenAt, contents, bytes, added, lost, pruned, durationMs } = report;
  const head = lost.length === 0 ? "Backed up" : "Backed up, but not completely";
  return [
    `${head}: ${id}, the store of ${showTime(takenAt)}`,
    `  ${counted(contents, "content")}, ${showBytes(bytes)}; ${counted(added.contents, "content")}, ${showBytes(added.bytes)} of them new${waysText(report)}`,
    `  it took ${showAge(durationMs)}`,
    ...prunedLines(pruned),
    ...(lost.length === 0 ? [] : ["", ...lostLines(lost), "", ...repair]),
  ].join("\n");
}

function waysText({ ways: { link, clone } }: BackupReport): string {
  if (link > 0) {
    return "\n  files are shared by hard link: a damaged disk damages the backup as well. Add a target on another disk, or --copy";
  }
  return clone > 0
    ? "\n  blocks are shared by the file system: add a target on another disk as well"
    : "";
}

function prunedLines(pruned: Pruned | null): string[] {
  if (pruned === null) return [];
  const { refused, backups, contents, bytes } = pruned;
  if (refused !== null) return [`  no older backup was removed: ${refused}`];
  return [
    `  removed ${counted(backups.length, "older backup")}, ${counted(contents, "content")}, ${showBytes(bytes)}`,
  ];
}

function lostLines(lost: readonly LostBackupContent[]): string[] {
  const rest = lost.length - listed;
  return [
    `Lost in the store, and in no earlier backup (${lost.length}):`,
    ...lost.slice(0, listed).map(({ digest, reason }) => `  ${digest}: ${reason}`),
    ...(rest > 0 ? [`  and ${rest} more: --json lists all`] : []),
  ];
}

const repair = [
  "Everything else was backed up. breadbox fsck --full --repair marks damaged contents, so that the",
  "next push stores them again; breadbox why DIGEST says which images need one.",
];

/** The list of a target's backups. */
export function listText(backups: readonly BackupManifest[]): string {
  if (backups.length === 0) return "No backups.";
  const rows = backups.map(({ id, takenAt, contents, bytes, lost }) => [
    ...[id, showTime(takenAt), String(contents), showBytes(bytes)],
    lost.length === 0 ? "complete" : `${lost.length} lost`,
  ]);
  return table([["ID", "TAKEN", "CONTENTS", "SIZE", "STATE"], ...rows]);
}

/** What a check of a target found. */
export function verifyText({ contents, bytes, backups, damaged }: VerifyReport): string {
  const problems = backups.flatMap(({ id, problems }) =>
    problems.map((problem) => `  ${id}: ${problem}`),
  );
  const wrong = damaged
    .slice(0, listed)
    .map(({ digest, reason, backups: ids }) => `  ${digest}: ${reason} (${ids.join(", ")})`);
  const rest = damaged.length - wrong.length;
  const count = problems.length + damaged.length;
  return [
    `Read ${counted(backups.length, "backup")}, ${counted(contents, "content")}, ${showBytes(bytes)}.`,
    ...(count === 0 ? ["No problem was found."] : [`${counted(count, "problem")}:`]),
    ...[...problems, ...wrong],
    ...(rest > 0 ? [`  and ${rest} more: --json lists all`] : []),
    ...(damaged.length === 0 ? [] : [damagedHint]),
  ].join("\n");
}

const damagedHint =
  "Delete what is damaged below content/ in the target (in a bucket: breadbox bucket rm): the next backup brings it again from the store, if it still has it.";

/** The account of a restore. */
export function restoreText(report: RestoreReport, data: string): string {
  const { id, takenAt, contents, bytes, lost } = report;
  return [
    `Restored ${id}, the store of ${showTime(takenAt)}, to ${data}`,
    `  ${counted(contents, "content")}, ${showBytes(bytes)}`,
    ...(lost.length === 0 ? [] : [`  ${lost.length} lost: push them again`]),
    `Start it: breadbox serve --data ${data}`,
  ].join("\n");
}
