// Pages of what the caller may see: as long as if nothing else existed, and keyed by the last name that is shown.

/** A page of things in the order of their names. */
interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/** How lists are read and shown. */
interface Listing<T> {
  list(after: string | null, limit: number): Promise<Page<T>>;
  nameOf(item: T): string;
  /** null where everything may be seen. */
  readonly maySee: ((item: T) => boolean) | null;
  /** The next visible thing behind `name` is behind what is returned, too; null when there is none. */
  seek(name: string): string | null;
}

/** Rows that are read behind a gap, and at the most. */
const [fewAtOnce, mostAtOnce] = [4, 1000];

/** A page of at most `limit` visible things after `after`. `more` is true when another visible one follows. */
export async function visiblePage<T>(
  listing: Listing<T>,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<Page<T>> {
  const { list, nameOf, maySee } = listing;
  if (maySee === null || limit === 0) return list(after, limit);
  const items: T[] = [];
  let [from, atOnce, looked] = [after, limit + 1, 0];
  for (;;) {
    const page = await list(from, atOnce);
    const found = look({ ...listing, maySee }, page.items, limit + 1 - items.length);
    items.push(...found.visible);
    if (items.length > limit) return { items: items.slice(0, limit), more: true };
    if (!page.more || found.goesOnBehind === null) return { items, more: false };
    from = found.goesOnBehind;
    const last = page.items.at(-1);
    // Where nothing could be skipped, more of it is likely to follow.
    const isDense = last !== undefined && nameOf(last) === from;
    atOnce = Math.min(isDense ? 4 * atOnce : fewAtOnce, mostAtOnce);
    looked += page.items.length;
    if (looked < mostAtOnce) continue;
    // A caller who may see little of much must not keep all others waiting.
    await new Promise((resolve) => setImmediate(resolve));
    looked = 0;
  }
}

/** Looks through some rows for at most `wanted` visible ones, and says where to go on; null for nowhere. */
function look<T>(
  { nameOf, maySee, seek }: Omit<Listing<T>, "maySee"> & { maySee(item: T): boolean },
  rows: readonly T[],
  wanted: number,
): { readonly visible: readonly T[]; readonly goesOnBehind: string | null } {
  const visible: T[] = [];
  let behind: string | null = "";
  // Where nothing can be skipped, it is tried less and less often.
  let [next, patience] = [0, 1];
  for (const [at, row] of rows.entries()) {
    const name = nameOf(row);
    if (behind === null || visible.length === wanted) break;
    if (name <= behind) continue;
    behind = name;
    if (maySee(row)) visible.push(row);
    else if (at >= next || at === rows.length - 1) {
      behind = seek(name);
      patience = behind === name ? 2 * patience : 1;
      next = at + patience;
    }
  }
  return { visible, goesOnBehind: behind };
}
