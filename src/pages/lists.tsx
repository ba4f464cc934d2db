// What lists have in common: heads that sort, a search, and the way to the next page.
import type { Child } from "#jsx/jsx-runtime";

/** What is listed. */
export interface ListState<Sort extends string> {
  readonly search: string | null;
  readonly sort: Sort;
  readonly isDescending: boolean;
  /** Where this page begins; null for the first one. */
  readonly after: string | null;
  /** Where the next one begins; null at the end. */
  readonly next: string | null;
}

/** Makes the address of another page of the same list. */
export type Turn = (
  parameters: Readonly<Record<"search" | "sort" | "order" | "after", string | null>>,
) => string;

const order = (isDescending: boolean): string => (isDescending ? "desc" : "asc");

/** A head that sorts by its column, the other way round when it does already. */
export function SortHead<Sort extends string>(props: {
  readonly list: ListState<Sort>;
  readonly turn: Turn;
  readonly by: Sort;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isWide?: boolean;
  readonly children: Child;
}) {
  const { list, turn, by, children } = props;
  const isCurrent = list.sort === by;
  // The largest and the latest are what is looked for.
  const isDescending = isCurrent ? !list.isDescending : by !== "name";
  const href = turn({ search: list.search, sort: by, order: order(isDescending), after: null });
  return (
    <th
      scope="col"
      class={props.isNumber === true ? "number" : props.isWide === true ? "wide" : undefined}
      aria-sort={isCurrent ? (list.isDescending ? "descending" : "ascending") : undefined}
    >
      <a href={href}>
        {children}
        {isCurrent ? <span aria-hidden="true">{list.isDescending ? " ↓" : " ↑"}</span> : null}
      </a>
    </th>
  );
}

/** A search in a list, which keeps how it is sorted. */
export function Search<Sort extends string>(props: {
  readonly list: ListState<Sort>;
  readonly action: string;
  readonly label: string;
}) {
  const { list, action, label } = props;
  return (
    <search>
      <form class="bar" action={action}>
        <input
          type="search"
          name="search"
          value={list.search ?? ""}
          placeholder="Part of the name, or a pattern: v1.*"
          aria-label={label}
        />
        <input type="hidden" name="sort" value={list.sort} />
        <input type="hidden" name="order" value={order(list.isDescending)} />
        <button type="submit">Search</button>
        {list.search === null ? null : <a href={action}>Show all</a>}
      </form>
    </search>
  );
}

/** To the next page, and back to the first one. */
export function Pager<Sort extends string>(props: {
  readonly list: ListState<Sort>;
  readonly turn: Turn;
}) {
  const { list, turn } = props;
  if (list.after === null && list.next === null) return null;
  const to = (after: string | null): string =>
    turn({ search: list.search, sort: list.sort, order: order(list.isDescending), after });
  return (
    <nav class="bar" aria-label="Pages of the list">
      {list.after === null ? null : (
        <a class="button" href={to(null)}>
          First page
        </a>
      )}
      {list.next === null ? null : (
        <a class="button" href={to(list.next)} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}
