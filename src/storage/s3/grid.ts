// The grid of an upload: part k of the S3 upload is cell k of the content, whoever sends it. Pure.
// Bytes that are sent again overwrite their own part, and no list of parts has to be kept.

/** How the bytes of a content are divided. */
export interface Grid {
  /** Bytes of the first cells. At least 5 MiB: S3 refuses smaller parts, the last one aside. */
  readonly cellBytes: number;
  /** The cells double after each thousand, up to eight times the first; false where a store wants parts of one size (R2). */
  readonly grows: boolean;
}

/** S3 takes at most so many parts. */
export const mostParts = 10_000;
const stretch = 1_000;
const mostDoublings = 3;

/** Of the first cells; with those that are eight times as large, an upload has 492 GiB at most. */
export const standardCellBytes = 8 * 1024 * 1024;

/** Bytes before cell `index`, counted from 0. */
export function cellStart({ cellBytes, grows }: Grid, index: number): number {
  if (!grows) return index * cellBytes;
  let [start, left, size] = [0, index, cellBytes];
  for (let doubling = 0; doubling < mostDoublings && left > stretch; doubling += 1) {
    start += stretch * size;
    left -= stretch;
    size *= 2;
  }
  return start + left * size;
}

/** How many whole cells lie before `offset`: the index of the cell that it is in. */
export function cellAt(grid: Grid, offset: number): number {
  const { cellBytes, grows } = grid;
  if (!grows) return Math.floor(offset / cellBytes);
  let [index, start, size] = [0, 0, cellBytes];
  for (let doubling = 0; doubling < mostDoublings; doubling += 1) {
    if (offset < start + stretch * size) break;
    start += stretch * size;
    index += stretch;
    size *= 2;
  }
  return index + Math.floor((offset - start) / size);
}

/** Bytes of the cell. */
export function cellSize(grid: Grid, index: number): number {
  return cellStart(grid, index + 1) - cellStart(grid, index);
}

/** The largest content, in bytes. */
export function mostBytes(grid: Grid): number {
  return cellStart(grid, mostParts);
}
