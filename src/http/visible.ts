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
}

/** Rows that are looked at in one go. */
const atOnce = 1000;

/** A page of at most `limit` visible things after `after`. `more` is true when another visible one follows. */
export async function visiblePage<T>(
  { list, nameOf, maySee }: Listing<T>,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<Page<T>> {
  if (maySee === null || limit === 0) return list(after, limit);
  const items: T[] = [];
  let from = after;
  for (;;) {
    const page = await list(from, atOnce);
    for (const item of page.items) {
      if (!maySee(item)) continue;
      if (items.length === limit) return { items, more: true };
      items.push(item);
    }
    const last = page.items.at(-1);
    if (!page.more || last === undefined) return { items, more: false };
    from = nameOf(last);
    // A caller who may see little of much must not keep all others waiting.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
