// The output of `breadbox uploads`: facts in, text out.

import { counted, isoTime, showAge, showBytes } from "../amounts.ts";
import { plainName } from "../plainText.ts";
import type { Tool } from "../tool.ts";
import { table } from "./table.ts";

/** An open session. */
export type Listed = Awaited<ReturnType<Tool["listUploads"]>>[number];
/** The totals of removed uploads. */
export interface Dropped {
  readonly dropped: readonly {
    readonly id: string;
    /** Or the object that it was for. */
    readonly repository: string;
    readonly offset: number;
  }[];
  readonly spared: number;
}
/** An open upload in parts. */
export type Parts = Awaited<ReturnType<Tool["listParts"]>>[number];
/** A session that was removed. */
export type DroppedOne = Dropped["dropped"][number];

const state = ({ writing }: Listed): "writing" | "open" => (writing ? "writing" : "open");
const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, next) => total + next, 0);
const staged = (uploads: readonly Listed[]): number => sum(uploads.map(({ bytes }) => bytes));

const by = ({ startedBy }: Pick<Listed, "startedBy">): string => startedBy ?? "anonymous";

/** Tables of sessions and of uploads in parts, with a line of totals below them. */
export function listText(uploads: readonly Listed[], parts: readonly Parts[]): string {
  const all = uploads.length + parts.length;
  if (all === 0) return "No uploads are open.";
  const sessions = uploads.map((upload) => [
    ...[upload.id, upload.repository, by(upload)],
    ...[showAge(upload.ageMs), showAge(upload.idleMs), showBytes(upload.bytes), state(upload)],
  ]);
  const writing = uploads.filter((upload) => upload.writing).length;
  const sums = [
    counted(all, "open upload"),
    showBytes(staged(uploads) + partBytes(parts)),
    ...(writing === 0 ? [] : [`${writing} being written`]),
  ];
  return [
    ...(sessions.length === 0
      ? []
      : [table([["ID", "REPOSITORY", "BY", "AGE", "IDLE", "BYTES", "STATE"], ...sessions]), ""]),
    ...(parts.length === 0 ? [] : [partsTable(parts), ""]),
    sums.join(", "),
  ].join("\n");
}

const partBytes = (parts: readonly Parts[]): number => sum(parts.map(({ bytes }) => bytes));

function partsTable(parts: readonly Parts[]): string {
  const rows = parts.map((upload) => [
    ...[upload.id, plainName(upload), by(upload)],
    ...[showAge(upload.idleMs), `${upload.parts}`, showBytes(upload.bytes)],
    upload.completing ? "completing" : "open",
  ]);
  return table([["ID", "OBJECT", "BY", "IDLE", "PARTS", "BYTES", "STATE"], ...rows]);
}

/** The same for programs: exact numbers, times in ISO form and in seconds. */
export function listJson(uploads: readonly Listed[], parts: readonly Parts[]): unknown {
  return {
    uploads: uploads.map((upload) => ({
      ...{ id: upload.id, repository: upload.repository, startedBy: upload.startedBy },
      startedAt: isoTime(upload.startedAt),
      ageSeconds: Math.floor(upload.ageMs / 1000),
      idleSeconds: Math.floor(upload.idleMs / 1000),
      bytes: upload.bytes,
      state: state(upload),
    })),
    inParts: parts.map(({ id, bucket, object, startedBy, ...upload }) => ({
      ...{ id, bucket, object, startedBy, startedAt: isoTime(upload.startedAt) },
      ...{ idleSeconds: Math.floor(upload.idleMs / 1000), expiresAt: isoTime(upload.expiresAt) },
      ...{ parts: upload.parts, bytes: upload.bytes, completing: upload.completing },
    })),
    total: {
      uploads: uploads.length + parts.length,
      bytes: staged(uploads) + partBytes(parts),
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
