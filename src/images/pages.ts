// Pages of lists that are sorted by a number or by name: where a page begins is what the last row of the one before is sorted by. Pure.
import { RegistryError } from "../errors.ts";
import { matcherOf } from "../model/glob.ts";

/** What is asked of a list. */
export interface ListPage<Sort extends string> {
  /** A part of the name, or a pattern with `*` and `?`; null for all. */
  readonly search: string | null;
  readonly sort: Sort;
  /** True: the largest first, the latest first, Z first. */
  readonly isDescending: boolean;
  /** `next` of the page before; null for the first page. */
  readonly after: string | null;
  /** Rows, 1 or more. */
  readonly limit: number;
}

/** A page of rows. */
export interface Listed<T> {
  readonly rows: readonly T[];
  /** `after` of the next page; null at the end. */
  readonly next: string | null;
}

/** What a row is sorted by; rows with the same number are sorted by name. */
export interface SortKey {
  /** null: by name alone. */
  readonly number: number | null;
  readonly name: string;
}

/** Searches without regard to case: a name holds the text, or is all of what a pattern says. */
export function searcher(search: string | null): (name: string) => boolean {
  const text = search?.toLowerCase() ?? "";
  if (text === "") return () => true;
  if (!/[*?]/.test(text)) return (name) => name.toLowerCase().includes(text);
  // A star is any part of the name, slashes included.
  const matches = matcherOf(text.replaceAll(/\*+/g, "**"));
  return (name) => matches(name.toLowerCase());
}

/** The same for LIKE, with `\` as escape; null for everything. */
export function likePattern(search: string | null): string | null {
  if (search === null || search === "") return null;
  const escaped = search.replaceAll(/[\\%_]/g, "\\$&");
  if (!/[*?]/.test(search)) return `%${escaped}%`;
  return escaped.replaceAll(/\*+/g, "%").replaceAll("?", "_");
}

/** Sorts rows, and cuts the page out of them. @throws RegistryError PAGE_INVALID */
export function cutPage<T>(
  rows: readonly T[],
  keyOf: (row: T) => SortKey,
  { isDescending, after, limit }: Pick<ListPage<string>, "isDescending" | "after" | "limit">,
): Listed<T> {
  const direction = isDescending ? -1 : 1;
  const order = (one: SortKey, other: SortKey): number =>
    direction * ((one.number ?? 0) - (other.number ?? 0) || compare(one.name, other.name));
  const start = after === null ? null : parseKey(after);
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  const behind = start === null ? keyed : keyed.filter(({ key }) => order(key, start) > 0);
  const sorted = behind.sort((one, other) => order(one.key, other.key));
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  const next = sorted.length > page.length && last !== undefined ? printKey(last.key) : null;
  return { rows: page.map(({ row }) => row), next };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Names hold no space. */
const printKey = ({ number, name }: SortKey): string =>
  number === null ? name : `${number} ${name}`;

function parseKey(text: string): SortKey {
  const [, digits, name = ""] = /^(?:(\d{1,16}) )?([^\s]*)$/.exec(text) ?? [];
  if (name === "") {
    throw new RegistryError("PAGE_INVALID", { message: "after is not the `next` of a page" });
  }
  return { number: digits === undefined ? null : Number(digits), name };
}
