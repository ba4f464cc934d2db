// How a file is cut into parts. Pure: numbers in, numbers out.
import type { Limits, PartInfo } from "./answers.ts";

const mebibyte = 1024 * 1024;
/** The default size of parts; smaller files are sent in one request. Bytes. */
export const usualPartBytes = 16 * mebibyte;

/** A part of a file: its first byte and how many. */
export interface Range {
  readonly start: number;
  readonly size: number;
}

/** A file cut into parts of one size; the last one is what is left. */
export interface Cut {
  readonly partBytes: number;
  readonly fileBytes: number;
}

export const countParts = ({ partBytes, fileBytes }: Cut): number =>
  Math.ceil(fileBytes / partBytes);

/** @param number 1 or larger. */
export function rangeOf({ partBytes, fileBytes }: Cut, number: number): Range {
  const start = (number - 1) * partBytes;
  return { start, size: Math.min(partBytes, fileBytes - start) };
}

/** How large parts are, or why the file cannot be sent. @param asked bytes; null: as large as needed. */
export function choosePartBytes(
  fileBytes: number,
  { maxParts, maxPartBytes }: Limits,
  asked: number | null,
): number | { readonly objection: string } {
  const needed = Math.ceil(fileBytes / maxParts / mebibyte) * mebibyte;
  const partBytes = asked ?? Math.min(maxPartBytes, Math.max(usualPartBytes, needed));
  if (partBytes > maxPartBytes) {
    return {
      objection: `--part-size is ${partBytes} bytes, and the server takes parts of ${maxPartBytes} at most (storage.multipart.maxPartBytes).`,
    };
  }
  if (countParts({ partBytes, fileBytes }) <= maxParts) return partBytes;
  if (asked !== null && needed <= maxPartBytes) {
    return {
      objection: `Parts of ${asked} bytes would be more than the ${maxParts} that the server takes: leave out --part-size, or use ${needed / mebibyte}MiB.`,
    };
  }
  return {
    objection: `The file has ${fileBytes} bytes, and the server takes ${maxParts} parts of ${maxPartBytes} bytes at most: raise storage.multipart.maxPartBytes there.`,
  };
}

/** How a file must have been cut, for these parts to be some of it. @returns null when it cannot have been. */
export function cutOf(
  parts: readonly Pick<PartInfo, "part_number" | "size_bytes">[],
  fileBytes: number,
  expected: number,
): Cut | null {
  const largest = parts.reduce((size, part) => Math.max(size, part.size_bytes), 0);
  // Of two parts one is not the last, and so as large as all others. One alone may be a short end.
  const sizes = parts.length > 1 ? [expected, largest] : [expected];
  const cuts = sizes.filter((size) => size > 0).map((partBytes) => ({ partBytes, fileBytes }));
  return cuts.find((cut) => parts.every((part) => fits(cut, part))) ?? null;
}

function fits(
  cut: Cut,
  { part_number, size_bytes }: Pick<PartInfo, "part_number" | "size_bytes">,
): boolean {
  return part_number <= countParts(cut) && rangeOf(cut, part_number).size === size_bytes;
}

/** Bytes of standard input that wait in memory, all parts together. */
export const inputBudget = 48 * mebibyte;

/** How large a part of standard input is, after `parts` others: its end is not known, so parts grow, that few are enough for much. */
export function inputPartBytes(parts: number): number {
  if (parts < 1000) return 8 * mebibyte;
  return (parts < 2000 ? 16 : 32) * mebibyte;
}
