// Spellings: the same name as programs write it, and the name that a misspelled one was most likely meant to be. Pure.

/** `minAge` → `min_age`. */
export const snakeCase = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Edit distance in which swapping two neighbours is one step. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const steps = [
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      ];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) steps.push((before[column - 2] ?? 0) + 1);
      current.push(Math.min(...steps));
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}

/** The candidate that `text` was most likely meant to be, or null when none is near. Case and punctuation do not count. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  const typed = plain(text).slice(0, 100);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const candidate of candidates) {
    const steps = distance(typed, plain(candidate));
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

/** ` Did you mean "…"?`, or nothing. */
export const didYouMean = (suggestion: string | null): string =>
  suggestion === null ? "" : ` Did you mean "${suggestion}"?`;
