// The contents of backups as sorted lists. Two of them are compared by walking both at once, so memory is flat whatever their length.
import type { Digest } from "../model/digest.ts";
import { readDigest } from "../model/digest.ts";
import { BackupError, type HeldContent, type TargetFile } from "./target.ts";
import { linesOf } from "./transfer.ts";

/** The list's name among a backup's files. */
export const listingName = "contents";

/** A content that a backup has. */
export interface ListedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** One line of a list. */
export const listingLine = ({ digest, size }: ListedContent): string => `${digest} ${size}\n`;

/** Reads a list. @throws BackupError when it is damaged or not sorted. */
export async function* readListing(
  file: TargetFile,
  name: string,
): AsyncGenerator<ListedContent, undefined> {
  let last = "";
  for await (const line of linesOf(await file.read(0))) {
    const [text = "", size = "", ...rest] = line.split(" ");
    const digest = readDigest(text);
    if (digest === null || !/^\d+$/.test(size) || rest.length > 0 || digest <= last) {
      throw new BackupError(`${name}: its list of contents is damaged`);
    }
    last = digest;
    yield { digest, size: Number(size) };
  }
}

/** Contents one by one. */
export async function* flat(
  batches: AsyncIterable<readonly HeldContent[]>,
): AsyncGenerator<HeldContent, undefined> {
  for await (const batch of batches) yield* batch;
}

/** Things in groups of `size`; the last one may have fewer, or none. */
export async function* chunks<T>(
  things: AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let some: T[] = [];
  for await (const thing of things) {
    some.push(thing);
    if (some.length < size) continue;
    yield some;
    some = [];
  }
  yield some;
}

/** A content in some of several lists. */
export interface MergedContent extends ListedContent {
  /** Places of the lists that have it. */
  readonly lists: readonly number[];
}

/** Several sorted lists as one, each content once. */
export async function* merged(
  lists: readonly AsyncGenerator<ListedContent, undefined>[],
): AsyncGenerator<MergedContent, undefined> {
  try {
    const heads = await Promise.all(lists.map((list) => list.next()));
    for (;;) {
      const lowest = lowestOf(heads.flatMap(({ value }) => value ?? []));
      if (lowest === null) return;
      const { digest, size } = lowest;
      const having = heads.flatMap(({ value }, place) => (value?.digest === digest ? [place] : []));
      yield { digest, size, lists: having };
      for (const place of having) {
        const next = await lists[place]?.next();
        if (next !== undefined) heads[place] = next;
      }
    }
  } finally {
    await endAll(lists);
  }
}

function lowestOf(heads: readonly ListedContent[]): ListedContent | null {
  let lowest: ListedContent | null = null;
  for (const head of heads) if (lowest === null || head.digest < lowest.digest) lowest = head;
  return lowest;
}

/** A list that is not read to its end has a file open. */
async function endAll(lists: readonly AsyncGenerator<unknown, undefined>[]): Promise<void> {
  await Promise.all(lists.map((list) => list.return(undefined)));
}

/** Where two sorted lists differ, ascending: `missing` is in the first one only, `surplus` in the second one only. */
export type Difference<T> =
  | { readonly kind: "both"; readonly wanted: T }
  | { readonly kind: "missing"; readonly wanted: T }
  | { readonly kind: "surplus"; readonly there: HeldContent };

/** Walks what is wanted beside what is there. */
export async function* compared<T extends { readonly digest: Digest }>(
  wanted: AsyncGenerator<T, undefined>,
  there: AsyncGenerator<HeldContent, undefined>,
): AsyncGenerator<Difference<T>, undefined> {
  try {
    let [want, have] = [(await wanted.next()).value, (await there.next()).value];
    while (want !== undefined || have !== undefined) {
      const found = differenceOf(want, have);
      yield found;
      if (found.kind !== "surplus") want = (await wanted.next()).value;
      if (found.kind !== "missing") have = (await there.next()).value;
    }
  } finally {
    await endAll([wanted, there]);
  }
}

/** The lower one of two heads, which are not both at their end. */
function differenceOf<T extends { readonly digest: Digest }>(
  want: T | undefined,
  have: HeldContent | undefined,
): Difference<T> {
  if (want !== undefined && want.digest === have?.digest) return { kind: "both", wanted: want };
  if (want !== undefined && (have === undefined || want.digest < have.digest)) {
    return { kind: "missing", wanted: want };
  }
  if (have === undefined) throw new Error("both lists have ended");
  return { kind: "surplus", there: have };
}
