// The plan of a deletion, which is read before anything is deleted: what is deleted, how many bytes come back, and what breaks.
import { counted, showTime } from "../amounts.ts";
import type { DeletionPlan, PlannedManifest, PlannedTag } from "../images/plan.ts";
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { kindText } from "./manifestCells.tsx";
import { Badge, Bytes, Digest, Figures, Notice, Table } from "./parts.tsx";
import { render } from "./render.ts";
import { RepositoryCrumbs } from "./repositoryHead.tsx";

/** What the page shows. */
export interface DeletionView {
  readonly repository: string;
  readonly plan: DeletionPlan;
  /** As they were asked for; none for the whole repository. */
  readonly references: readonly string[];
  /** Digests of the manifests that tags of the plan leave without a name: what is asked for to delete those as well. */
  readonly withManifests: readonly string[] | null;
  /** True when the plan was read, and is another one by now. */
  readonly hasChanged: boolean;
}

/** The document. */
export function deletionPage(frame: Frame, view: DeletionView): string {
  const { repository, plan, references, hasChanged } = view;
  const [planned] = plan.repositories;
  const what = references.length === 0 ? `all of ${repository}` : `from ${repository}`;
  return render(
    <Layout frame={frame} title={`Delete ${what}`} section="repositories">
      <RepositoryCrumbs name={repository} />
      <h1>Delete {what}</h1>
      {hasChanged ? (
        <Notice tone="warn">
          <p>Nothing was deleted: something else would be deleted by now. This is the new plan.</p>
        </Notice>
      ) : null}
      {planned === undefined ? (
        <p class="empty">
          There is nothing to delete here: it is gone already, or was never selected.
        </p>
      ) : (
        <>
          <Sums plan={plan} />
          <Warnings plan={plan} />
          <KeptManifests view={view} />
          <Apply view={view} />
          <TagTable tags={planned.tags} repository={repository} />
          <ManifestTable manifests={planned.manifests} repository={repository} />
        </>
      )}
    </Layout>,
  );
}

/** The page after it. */
export interface DeletedView {
  readonly repository: string;
  readonly tags: number;
  readonly manifests: number;
}

function Sums({ plan }: { readonly plan: DeletionPlan }) {
  const { released } = plan;
  const manifests = plan.repositories.flatMap((each) => each.manifests);
  const tags = plan.repositories.flatMap((each) => each.tags).length;
  const all = tags + manifests.reduce((sum, each) => sum + each.tags.length, 0);
  return (
    <Figures
      items={[
        ["Tags", all.toLocaleString("en")],
        ["Manifests", manifests.length.toLocaleString("en")],
        ...(released === null
          ? []
          : ([
              ["Comes back with the next collection", <Bytes bytes={released.nowBytes} />],
              ...(released.laterBytes === 0
                ? []
                : ([
                    [
                      released.laterAt === null ? "Later" : `After ${showTime(released.laterAt)}`,
                      <Bytes bytes={released.laterBytes} />,
                    ],
                  ] as const)),
              ["Kept by others", <Bytes bytes={released.sharedBytes} />],
            ] as const)),
      ]}
    />
  );
}

function Warnings({ plan }: { readonly plan: DeletionPlan }) {
  const manifests = plan.repositories.flatMap((each) => each.manifests);
  const tags = plan.repositories.flatMap((each) => each.tags);
  const locked = [
    ...manifests.flatMap((each) => each.locked ?? []),
    ...tags.flatMap(({ name, lockedBy }) => (lockedBy ? [{ tag: name, pattern: lockedBy }] : [])),
  ];
  const broken = manifests.filter((each) => each.brokenIndexes.length > 0);
  return (
    <>
      {locked.map(({ tag, pattern }) => (
        <Notice key={tag} tone="bad">
          <p>
            The tag <strong>{tag}</strong> is immutable: the pattern <code>{pattern}</code> of{" "}
            <code>registry.immutableTags</code> locks it. Nothing of this plan can be deleted.
          </p>
        </Notice>
      ))}
      {broken.length === 0 ? null : (
        <Notice tone="warn">
          <p>
            {counted(broken.length, "manifest")} belong to images for several platforms that stay:
            those can no longer be pulled for these platforms. They are marked below.
          </p>
        </Notice>
      )}
    </>
  );
}

function KeptManifests({
  view: { plan, repository, withManifests },
}: {
  readonly view: DeletionView;
}) {
  if (withManifests === null) return null;
  return (
    <Notice>
      <p>
        Their manifests stay without a tag
        {plan.keptByUntagged === null ? (
          ""
        ) : (
          <>
            {" "}
            and keep <Bytes bytes={plan.keptByUntagged} />
          </>
        )}
        .
      </p>
      <p>
        <a href={at.deletion(repository, { reference: withManifests })}>
          Delete the manifests as well
        </a>
      </p>
    </Notice>
  );
}

function Apply({ view: { plan, repository, references } }: { readonly view: DeletionView }) {
  const isLocked = plan.repositories.some(
    ({ tags, manifests }) =>
      tags.some((each) => each.lockedBy !== null) || manifests.some((each) => each.locked !== null),
  );
  return (
    <form method="post" action={at.deletion(repository)} class="bar">
      {references.map((reference) => (
        <input key={reference} type="hidden" name="reference" value={reference} />
      ))}
      <input type="hidden" name="plan" value={plan.id} />
      <button type="submit" class="danger" disabled={isLocked}>
        Delete this
      </button>
      <a class="button" href={at.repository(repository)}>
        Keep everything
      </a>
      <span class="muted small">There is no way back.</span>
    </form>
  );
}

/** Rows that are shown; a plan may have thousands. */
const mostRows = 100;

function TagTable(props: { readonly tags: readonly PlannedTag[]; readonly repository: string }) {
  const { tags, repository } = props;
  if (tags.length === 0) return null;
  return (
    <>
      <h2>
        Tags <span class="muted">{tags.length}</span>
      </h2>
      <Table
        label="Tags to delete"
        head={
          <>
            <th scope="col">Tag</th>
            <th scope="col">Manifest</th>
            <th scope="col">After the deletion</th>
          </>
        }
      >
        {tags.slice(0, mostRows).map((tag) => (
          <tr key={tag.name}>
            <th scope="row">
              <a href={at.image(repository, tag.name)}>{tag.name}</a>
            </th>
            <td>
              <Digest digest={tag.digest} />
            </td>
            <td class="wrap">{fateOf(tag)}</td>
          </tr>
        ))}
      </Table>
      <Rest count={tags.length} word="tag" />
    </>
  );
}

function fateOf({ otherTags, indexes, leavesUntagged }: PlannedTag): string {
  if (otherTags.length > 0)
    return `the manifest stays: ${otherTags.slice(0, 5).join(", ")} names it too`;
  if (indexes > 0) return "the manifest stays: it is part of an image for several platforms";
  return leavesUntagged
    ? "the manifest stays without a tag"
    : "the manifest stays: it is about another one";
}

/** Names in a cell. */
const mostNames = 20;

const someOf = (names: readonly string[]): string =>
  names.length <= mostNames
    ? names.join(", ")
    : `${names.slice(0, mostNames).join(", ")} and ${names.length - mostNames} more`;

const reasons = {
  asked: "selected",
  child: "only a deleted image names it",
  referrer: "about a deleted manifest",
} as const;

function ManifestTable(props: {
  readonly manifests: readonly PlannedManifest[];
  readonly repository: string;
}) {
  const { manifests, repository } = props;
  if (manifests.length === 0) return null;
  return (
    <>
      <h2>
        Manifests <span class="muted">{manifests.length}</span>
      </h2>
      <Table
        label="Manifests to delete"
        head={
          <>
            <th scope="col">Digest</th>
            <th scope="col">Kind</th>
            <th scope="col">Tags that are deleted with it</th>
            <th scope="col">Why</th>
          </>
        }
      >
        {manifests.slice(0, mostRows).map((each) => (
          <tr key={each.digest}>
            <th scope="row">
              <a href={at.image(repository, each.digest)}>
                <Digest digest={each.digest} />
              </a>
            </th>
            <td>{kindText(each.kind)}</td>
            <td class="wrap">{someOf(each.tags)}</td>
            <td>
              {reasons[each.reason]}{" "}
              {each.brokenIndexes.length === 0 ? null : <Badge tone="warn">breaks an image</Badge>}
            </td>
          </tr>
        ))}
      </Table>
      <Rest count={manifests.length} word="manifest" />
    </>
  );
}

function Rest({ count, word }: { readonly count: number; readonly word: string }) {
  return count <= mostRows ? null : <p class="muted">and {counted(count - mostRows, word)} more</p>;
}

/** The document. */
export function deletedPage(frame: Frame, { repository, tags, manifests }: DeletedView): string {
  return render(
    <Layout frame={frame} title="Deleted" section="repositories">
      <h1>Deleted</h1>
      <Notice tone="good">
        <p>
          {counted(tags, "tag")} and {counted(manifests, "manifest")} of{" "}
          <strong>{repository}</strong> were deleted.
        </p>
      </Notice>
      <p>The next garbage collection gives the space back.</p>
      <p>
        <a class="button" href={at.repositories()}>
          All repositories
        </a>
      </p>
    </Layout>,
  );
}
