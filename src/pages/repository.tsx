// A repository: its tags, or its manifests that no tag names.
import type { RepositoryRow } from "../images/repositories.ts";
import type { TagEntry, TagSort, UntaggedEntry } from "../images/tags.ts";
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { type ListState, Pager, Search, SortHead } from "./lists.tsx";
import { Kind, kindText, Platforms, PushCell } from "./manifestCells.tsx";
import { Ago, Bytes, Command, Digest, Table } from "./parts.tsx";
import { render } from "./render.ts";
import { RepositoryHead } from "./repositoryHead.tsx";

/** What both pages show. */
interface RepositoryView<Row> {
  readonly name: string;
  /** null for a repository that is so new that it was not counted yet. */
  readonly repository: RepositoryRow | null;
  readonly rows: readonly Row[];
  /** False for visitors who may not delete here. */
  readonly mayDelete: boolean;
}

/** The page of tags. */
export interface TagsView extends RepositoryView<TagEntry> {
  readonly list: ListState<TagSort>;
}

/** The page of manifests without a tag. */
export interface UntaggedView extends RepositoryView<UntaggedEntry> {
  readonly list: ListState<"name">;
}

/** The document. */
export function tagsPage(frame: Frame, view: TagsView): string {
  const { name, repository, list, rows, mayDelete } = view;
  const head = {
    list,
    turn: (parameters: Parameters<typeof at.repository>[1]) => at.repository(name, parameters),
  };
  return render(
    <Layout frame={frame} title={name} section="repositories">
      <RepositoryHead name={name} row={repository} part="tags" now={frame.now} />
      <Search list={list} action={at.repository(name)} label="Search these tags" />
      {rows.length === 0 ? (
        <p class="empty">{list.search === null ? "No tag here." : "No tag has such a name."}</p>
      ) : (
        <form>
          <Table
            label={`Tags of ${name}`}
            head={
              <>
                <TickAll />
                <SortHead {...head} by="name">
                  Tag
                </SortHead>
                <th scope="col">Platforms</th>
                <SortHead {...head} by="size" isNumber>
                  Size
                </SortHead>
                <th scope="col" class="wide">
                  Digest
                </th>
                <SortHead {...head} by="pushed">
                  Pushed
                </SortHead>
                <th scope="col" class="wide">
                  Last pull
                </th>
              </>
            }
          >
            {rows.map((row) => (
              <tr key={row.name}>
                <Tick reference={row.name} />
                <th scope="row">
                  <a href={at.image(name, row.name)}>{row.name}</a>
                </th>
                <td>
                  <Platforms entry={row} />
                </td>
                <td class="number">
                  <Bytes bytes={row.bytes} />
                </td>
                <td class="wide">
                  <Digest digest={row.digest} />
                </td>
                <td>
                  <PushCell pushed={row} now={frame.now} />
                </td>
                <td class="wide">
                  <Ago time={row.pulledAt} now={frame.now} />
                </td>
              </tr>
            ))}
          </Table>
          <div class="bar">
            <button type="submit" formaction={at.comparison(name)}>
              Compare two
            </button>
            {mayDelete ? (
              <button type="submit" class="danger" formaction={at.deletion(name)}>
                Delete…
              </button>
            ) : null}
            <span class="muted small">
              Select rows first. Nothing is deleted before you have read a plan.
            </span>
          </div>
        </form>
      )}
      <Pager list={list} turn={head.turn} />
      <Foot frame={frame} name={name} mayDelete={mayDelete} />
    </Layout>,
  );
}

/** The document. */
export function untaggedPage(frame: Frame, view: UntaggedView): string {
  const { name, repository, list, rows, mayDelete } = view;
  return render(
    <Layout frame={frame} title={`${name}, without a tag`} section="repositories">
      <RepositoryHead name={name} row={repository} part="untagged" now={frame.now} />
      <p class="muted">
        No tag and no index names these manifests. They keep their layers until they are deleted.
      </p>
      {rows.length === 0 ? (
        <p class="empty">Each manifest has a tag, or belongs to an image that has one.</p>
      ) : (
        <form action={at.deletion(name)}>
          <Table
            label={`Manifests of ${name} without a tag`}
            head={
              <>
                <TickAll />
                <th scope="col">Digest</th>
                <th scope="col">Kind</th>
                <th scope="col" class="wide">
                  About
                </th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col">Pushed</th>
                <th scope="col" class="wide">
                  Last pull
                </th>
              </>
            }
          >
            {rows.map((row) => (
              <tr key={row.digest}>
                <Tick reference={row.digest} />
                <th scope="row">
                  <a href={at.image(name, row.digest)}>
                    <Digest digest={row.digest} />
                  </a>
                </th>
                <td>
                  {row.platforms.length === 0 ? <Kind kind={row.kind} /> : kindText(row.kind)}{" "}
                  <span class="muted">{row.platforms.join(", ")}</span>
                </td>
                <td class="wide">
                  {row.subject === null ? null : <Digest digest={row.subject} />}
                </td>
                <td class="number">
                  <Bytes bytes={row.bytes} />
                </td>
                <td>
                  <PushCell pushed={{ ...row, push: null }} now={frame.now} />
                </td>
                <td class="wide">
                  <Ago time={row.pulledAt} now={frame.now} />
                </td>
              </tr>
            ))}
          </Table>
          {mayDelete ? (
            <div class="bar">
              <button type="submit" class="danger">
                Delete…
              </button>
              <span class="muted small">Nothing is deleted before you have read a plan.</span>
            </div>
          ) : null}
        </form>
      )}
      <Pager list={list} turn={(parameters) => at.untagged(name, { after: parameters.after })} />
    </Layout>,
  );
}

/** Selects all rows of the table; the script shows it. */
function TickAll() {
  return (
    <th scope="col" class="tick">
      <input type="checkbox" hidden data-ticks="reference" aria-label="Select all" />
    </th>
  );
}

function Tick({ reference }: { readonly reference: string }) {
  return (
    <td class="tick">
      <input
        type="checkbox"
        name="reference"
        value={reference}
        aria-label={`Select ${reference}`}
      />
    </td>
  );
}

function Foot(props: {
  readonly frame: Frame;
  readonly name: string;
  readonly mayDelete: boolean;
}) {
  const { frame, name, mayDelete } = props;
  const host = frame.origin.slice(frame.origin.indexOf("//") + 2);
  return (
    <>
      <h2>Push to this repository</h2>
      <Command>{`docker push ${host}/${name}:TAG`}</Command>
      {mayDelete ? (
        <p class="small">
          <a href={at.deletion(name)}>Delete the whole repository…</a>
        </p>
      ) : null}
    </>
  );
}
