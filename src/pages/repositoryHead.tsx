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
  readonly row: RepositoryRow;
  readonly part: "tags" | "untagged";
  readonly now: number;
}) {
  const { row, part, now } = props;
  const { name, tags, untagged, bytes, uniqueBytes, lastPushAt } = row;
  return (
    <>
      <Crumbs items={[["Repositories", at.repositories()]]} />
      <h1>{name}</h1>
      <Figures
        items={[
          ["Size", <Bytes bytes={bytes} />],
          ...(uniqueBytes === null
            ? []
            : [["Only in this repository", <Bytes bytes={uniqueBytes} />] as const]),
          ["Blobs", row.blobs.toLocaleString("en")],
          ["Last push", <Ago time={lastPushAt} now={now} />],
        ]}
      />
      <nav class="tabs" aria-label="Parts of the repository">
        <a href={at.repository(name)} aria-current={part === "tags" ? "page" : undefined}>
          Tags <span class="muted">{tags.toLocaleString("en")}</span>
        </a>
        <a href={at.untagged(name)} aria-current={part === "untagged" ? "page" : undefined}>
          Without a tag <span class="muted">{untagged.toLocaleString("en")}</span>
        </a>
      </nav>
    </>
  );
}
