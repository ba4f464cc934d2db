// The output of `breadbox uploads`: facts in, text out.

import { counted, showAge, showBytes } from "../amounts.ts";
import type { Tool } from "../tool.ts";

/** An open session. */
export type Listed = Awaited<ReturnType<Tool["listUploads"]>>[number];
/** The totals of removed uploads. */
export type Dropped = Awaited<ReturnType<Tool["dropUploads"]>>;
/** A session that was removed. */
export type DroppedOne = Dropped["dropped"][number];

const state = ({ writing }: Listed): "writing" | "open" => (writing ? "writing" : "open");
const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, next) => total + next, 0);
const staged = (uploads: readonly Listed[]): number => sum(uploads.map(({ bytes }) => bytes));

/** A table with a line of totals below it. */
export function listText(uploads: readonly Listed[]): string {
  if (uploads.length === 0) return "No uploads are open.";
  const rows = uploads.map((upload) => [
    upload.id,
    upload.repository,
    showAge(upload.ageMs),
    showAge(upload.idleMs),
    showBytes(upload.bytes),
    state(upload),
  ]);
  const lines = table([["ID", "REPOSITORY", "AGE", "IDLE", "BYTES", "STATE"], ...rows]);
  const writing = uploads.filter((upload) => upload.writing).length;
  const parts = [
    counted(uploads.length, "open upload"),
    showBytes(staged(uploads)),
    ...(writing === 0 ? [] : [`${writing} being written`]),
  ];
  return [...lines, "", parts.join(", ")].join("\n");
}

/** Columns as wide as their widest cell; numbers are right-aligned. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 4 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** The same for programs: exact numbers, times in ISO form and in seconds. */
export function listJson(uploads: readonly Listed[]): unknown {
  return {
    uploads: uploads.map((upload) => ({
      id: upload.id,
      repository: upload.repository,
      startedAt: new Date(upload.startedAt).toISOString(),
      ageSeconds: Math.floor(upload.ageMs / 1000),
      idleSeconds: Math.floor(upload.idleMs / 1000),
      bytes: upload.bytes,
      state: state(upload),
    })),
    total: {
      uploads: uploads.length,
      bytes: staged(uploads),
      writing: uploads.filter(({ writing }) => writing).length,
    },
  };
}

const sizeOf = (sessions: readonly DroppedOne[]): number =>
  sum(sessions.map(({ offset }) => offset));

/** The removed uploads, and the number of spared ones. */
export function droppedText({ dropped, spared }: Dropped): string {
  const [only, ...others] = dropped;
  const removed =
    only === undefined
      ? "There was nothing to remove."
      : others.length === 0
        ? `Removed upload ${only.id} of ${only.repository} (${showBytes(only.offset)}).`
        : `Removed ${counted(dropped.length, "upload")} (${showBytes(sizeOf(dropped))}).`;
  return spared === 0 ? removed : `${removed} ${sparedText(spared)}`;
}

const sparedText = (spared: number): string =>
  `${counted(spared, "upload")} ${spared === 1 ? "is" : "are"} being written and ${spared === 1 ? "was" : "were"} left alone.`;

/** The same for programs. */
export function droppedJson({ dropped, spared }: Dropped): unknown {
  return {
    removed: dropped.map(({ id, repository, offset }) => ({ id, repository, bytes: offset })),
    bytes: sizeOf(dropped),
    spared,
  };
}

/** The question before many are removed. */
export const question = (uploads: readonly Listed[]): string =>
  `Remove ${counted(uploads.length, "open upload")} (${showBytes(staged(uploads))})? [y/N] `;
