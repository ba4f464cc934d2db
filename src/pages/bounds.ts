// How much of what clients pushed a page shows: configs and annotations may have a megabyte. Pure.

/** Entries of one list. */
const mostEntries = 100;
/** Characters of one text. */
const longestText = 1_000;

/** A text, cut where it is long. */
export const cut = (text: string, longest = longestText): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text;

/** The first entries of a list. */
export function some<T>(items: readonly T[]): {
  readonly first: readonly T[];
  readonly rest: number;
} {
  return { first: items.slice(0, mostEntries), rest: Math.max(0, items.length - mostEntries) };
}
