// The head of every page about a repository: where one is, its figures, and its parts.
import type { RepositoryRow } from "../images/repositories.ts";
import { at } from "./addresses.ts";
import { Ago, Bytes, Crumbs, Figures } from "./parts.tsx";

/** Links to the repositories, and to this one. */
export function RepositoryCrumbs({ name }: { readonly name: string }) {
  return (
    <Crumbs
      items={[
        ["Repositories", at.repositories()],
        [name, at.repository(name)],
      ]}
    />
  );
}

/** @param part the part that is shown. */
export function RepositoryHead(props: {
  readonly name: string;
  /** null for a repository that is so new that it was not counted yet. */
  readonly row: RepositoryRow | null;
  readonly part: "tags" | "untagged";
  readonly now: number;
}) {
  const { name, row, part, now } = props;
  return (
    <>
      <Crumbs items={[["Repositories", at.repositories()]]} />
      <h1>{name}</h1>
      {row === null ? null : <Sums row={row} now={now} />}
      <nav class="tabs" aria-label="Parts of the repository">
        <a href={at.repository(name)} aria-current={part === "tags" ? "page" : undefined}>
          Tags <span class="muted">{row?.tags.toLocaleString("en")}</span>
        </a>
        <a href={at.untagged(name)} aria-current={part === "untagged" ? "page" : undefined}>
          Without a tag <span class="muted">{row?.untagged.toLocaleString("en")}</span>
        </a>
      </nav>
    </>
  );
}

function Sums({ row, now }: { readonly row: RepositoryRow; readonly now: number }) {
  const { bytes, uniqueBytes, blobs, lastPushAt, lastPullAt } = row;
  return (
    <Figures
      items={[
        ["Size", <Bytes bytes={bytes} />],
        ...(uniqueBytes === null
          ? []
          : [["Only in this repository", <Bytes bytes={uniqueBytes} />] as const]),
        ["Blobs", blobs.toLocaleString("en")],
        ["Last push", <Ago time={lastPushAt} now={now} />],
        ["Last pull", <Ago time={lastPullAt} now={now} />],
      ]}
    />
  );
}
