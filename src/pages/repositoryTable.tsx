// Repositories in a table, for the first page and for the list of all.

import type { Child } from "#jsx/jsx-runtime";
import { showAge } from "../amounts.ts";
import type { RepositoryRow } from "../images/repositories.ts";
import { at } from "./addresses.ts";
import { Ago, Badge, Bytes, Table } from "./parts.tsx";

/** Sums that are younger count as those of this moment. ms. */
const fresh = 5_000;

/** In a large store sums are some seconds old; then the page says so. */
export function CountedAt({ at, now }: { readonly at: number; readonly now: number }) {
  const age = now - at;
  return age < fresh ? null : (
    <p class="muted small">Counted {showAge(age)} ago; later pushes are not among them yet.</p>
  );
}

/** @param head the cells of the head, which may sort. */
export function RepositoryTable(props: {
  readonly rows: readonly RepositoryRow[];
  readonly now: number;
  readonly head: Child;
}) {
  const { rows, now, head } = props;
  return (
    <Table label="Repositories" head={head}>
      {rows.map((row) => (
        <tr key={row.name}>
          <th scope="row">
            <a href={at.repository(row.name)}>{row.name}</a>
          </th>
          <td class="number">
            {row.untagged === 0 ? null : (
              <span class="wide">
                <Badge>{row.untagged} untagged</Badge>{" "}
              </span>
            )}
            {row.tags.toLocaleString("en")}
          </td>
          <td class="number">
            <Bytes bytes={row.bytes} />
          </td>
          <td class="number wide">
            {row.uniqueBytes === null ? null : <Bytes bytes={row.uniqueBytes} />}
          </td>
          <td>
            <Ago time={row.lastPushAt} now={now} />
          </td>
          <td class="wide">
            <Ago time={row.lastPullAt} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
