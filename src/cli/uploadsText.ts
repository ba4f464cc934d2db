// The output of `breadbox uploads`: facts in, text out.

import { counted, isoTime, showAge, showBytes } from "../amounts.ts";
import { plainName } from "../plainText.ts";
import type { Dropped, DroppedOne, Listed, ListSums, Parts, Sums } from "./uploadSums.ts";

const state = ({ writing }: Listed): "writing" | "open" => (writing ? "writing" : "open");

const by = ({ startedBy }: Pick<Listed, "startedBy">): string => startedBy ?? "anonymous";

/** The table of sessions. */
export const sessionHead = ["ID", "REPOSITORY", "BY", "AGE", "IDLE", "BYTES", "STATE"];

/** Its rows. */
export const sessionRow = (upload: Listed): readonly string[] => [
  ...[upload.id, upload.repository, by(upload)],
  ...[showAge(upload.ageMs), showAge(upload.idleMs), showBytes(upload.bytes), state(upload)],
];

/** The table of uploads in parts. */
export const partsHead = ["ID", "OBJECT", "BY", "IDLE", "PARTS", "BYTES", "STATE"];

/** Its rows. */
export const partsRow = (upload: Parts): readonly string[] => [
  ...[upload.id, plainName(upload), by(upload)],
  ...[showAge(upload.idleMs), `${upload.parts}`, showBytes(upload.bytes)],
  upload.completing ? "completing" : "open",
];

/** The line of totals below both. */
export function listSumsText({ uploads, bytes, writing }: ListSums): string {
  if (uploads === 0) return "No uploads are open.";
  const sums = [counted(uploads, "open upload"), showBytes(bytes)];
  return [...sums, ...(writing === 0 ? [] : [`${writing} being written`])].join(", ");
}

/** A session for programs: exact numbers, times in ISO form and in seconds. */
export const sessionJson = (upload: Listed): unknown => ({
  ...{ id: upload.id, repository: upload.repository, startedBy: upload.startedBy },
  startedAt: isoTime(upload.startedAt),
  ageSeconds: Math.floor(upload.ageMs / 1000),
  idleSeconds: Math.floor(upload.idleMs / 1000),
  bytes: upload.bytes,
  state: state(upload),
});

/** The same of an upload in parts. */
export const partsJson = ({ id, bucket, object, startedBy, ...upload }: Parts): unknown => ({
  ...{ id, bucket, object, startedBy, startedAt: isoTime(upload.startedAt) },
  ...{ idleSeconds: Math.floor(upload.idleMs / 1000), expiresAt: isoTime(upload.expiresAt) },
  ...{ parts: upload.parts, bytes: upload.bytes, completing: upload.completing },
});

/** The same of the totals. */
export const listSumsJson = ({ uploads, bytes, writing }: ListSums): unknown => ({
  ...{ uploads, bytes, writing },
});

/** The removed uploads, and the number of spared ones. */
export function droppedText({ sessions, bytes, spared, first }: Dropped): string {
  const removed =
    first === null
      ? "There was nothing to remove."
      : sessions === 1
        ? `Removed upload ${first.id} of ${first.repository} (${showBytes(bytes)}).`
        : `Removed ${counted(sessions, "upload")} (${showBytes(bytes)}).`;
  return spared === 0 ? removed : `${removed} ${sparedText(spared)}`;
}

const sparedText = (spared: number): string =>
  `${counted(spared, "upload")} ${spared === 1 ? "is" : "are"} being written and ${spared === 1 ? "was" : "were"} left alone.`;

/** A removed upload for programs. */
export const droppedJson = ({ id, repository, offset }: DroppedOne): unknown => ({
  ...{ id, repository, bytes: offset },
});

/** The question before many are removed. */
export const question = ({ open, bytes }: Sums): string =>
  `Remove ${counted(open, "open upload")} (${showBytes(bytes)})? [y/N] `;
