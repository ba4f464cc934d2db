// The page of a tag or a manifest: how it is pulled, what it is made of, and what is about it.
import type { ChartFiles } from "../images/chartFiles.ts";
import type { ImageDetail } from "../images/detail.ts";
import { at } from "./addresses.ts";
import { Chart } from "./chart.tsx";
import type { Frame } from "./frame.ts";
import { Config, Facts } from "./imageConfig.tsx";
import { Files, Layers } from "./imageLayers.tsx";
import { Layout } from "./layout.tsx";
import { Kind, kindText, PushCell } from "./manifestCells.tsx";
import { Ago, Badge, Bytes, Digest, Figures, Table } from "./parts.tsx";
import { PullCommands } from "./pullCommands.tsx";
import { render } from "./render.ts";
import { RepositoryCrumbs } from "./repositoryHead.tsx";

/** What the page shows. */
export interface ImageView {
  readonly detail: ImageDetail;
  /** As it was asked for: a tag, or a digest. */
  readonly reference: string;
  /** Of an index: the image of the platform that is shown; else `detail` itself. null where none is stored. */
  readonly shown: ImageDetail | null;
  /** Of a Helm chart. */
  readonly files: ChartFiles | null;
  readonly mayDelete: boolean;
}

/** The document. */
export function imagePage(frame: Frame, view: ImageView): string {
  const { detail, reference, shown } = view;
  const { repository, kind } = detail;
  const isTag = !reference.includes(":");
  const title = isTag ? `${repository}:${reference}` : `${repository}@${shortened(reference)}`;
  return render(
    <Layout frame={frame} title={title} section="repositories">
      <RepositoryCrumbs name={repository} />
      <h1>
        {isTag ? reference : <Digest digest={reference} />} <Kind kind={kind} />
      </h1>
      <Summary frame={frame} detail={detail} />
      <PullCommands frame={frame} pulled={{ kind, name: repository, reference }} />
      <Actions view={view} />
      {kind === "index" ? <Entries detail={detail} reference={reference} shown={shown} /> : null}
      {shown === null ? null : <Contents frame={frame} view={view} shown={shown} />}
      <Referrers frame={frame} detail={detail} />
      <Facts
        title="Manifest"
        facts={[
          ["Digest", <code>{detail.digest}</code>],
          ["Media type", <code>{detail.mediaType}</code>],
          ["Artifact type", detail.artifactType && <code>{detail.artifactType}</code>],
          ["Size of the manifest", <Bytes bytes={detail.manifestBytes} />],
          ["About", detail.subject && linkTo(repository, detail.subject)],
          ["Tags", detail.tags.length === 0 ? null : <Tags detail={detail} />],
        ]}
      />
      <Facts title="Annotations" facts={Object.entries(detail.annotations)} />
    </Layout>,
  );
}

const shortened = (digest: string): string => digest.slice(0, digest.indexOf(":") + 13);

const linkTo = (repository: string, digest: string) => (
  <a href={at.image(repository, digest)}>
    <Digest digest={digest} />
  </a>
);

function Summary({ frame, detail }: { readonly frame: Frame; readonly detail: ImageDetail }) {
  const { bytes, platforms, push } = detail;
  return (
    <Figures
      items={[
        ["Size", <Bytes bytes={bytes} />],
        ...(platforms.length === 0
          ? []
          : [[platforms.length === 1 ? "Platform" : "Platforms", shortList(platforms)] as const]),
        ["Pushed", <PushCell pushed={{ ...detail, push }} now={frame.now} />],
        ["Last pull", <Ago time={detail.pulledAt} now={frame.now} />],
      ]}
    />
  );
}

const shortList = (platforms: readonly string[]): string =>
  platforms.length > 3
    ? `${platforms.slice(0, 3).join(", ")} and ${platforms.length - 3} more`
    : platforms.join(", ");

function Actions({ view }: { readonly view: ImageView }) {
  const { detail, reference, mayDelete } = view;
  const { repository, kind } = detail;
  const isImage = kind === "image" || kind === "index";
  return (
    <div class="bar">
      {isImage ? (
        <form class="bar" action={at.comparison(repository)}>
          <input type="hidden" name="reference" value={reference} />
          <input
            name="reference"
            required
            placeholder="Another tag or digest"
            aria-label="Compare with"
          />
          <button type="submit">Compare</button>
        </form>
      ) : null}
      {mayDelete ? (
        <a class="button danger rest" href={at.deletion(repository, { reference })}>
          Delete…
        </a>
      ) : null}
    </div>
  );
}

function Contents(props: {
  readonly frame: Frame;
  readonly view: ImageView;
  readonly shown: ImageDetail;
}) {
  const { frame, view, shown } = props;
  if (shown.kind === "helm") return <Chart frame={frame} detail={shown} files={view.files} />;
  if (shown.kind !== "image") return <Files detail={shown} />;
  return (
    <>
      <Layers detail={shown} />
      {shown.config === null ? null : <Config config={shown.config} />}
    </>
  );
}

function Entries(props: {
  readonly detail: ImageDetail;
  readonly reference: string;
  readonly shown: ImageDetail | null;
}) {
  const { detail, reference, shown } = props;
  const { repository, entries } = detail;
  return (
    <>
      <h2>Platforms</h2>
      <Table
        label="Platforms"
        head={
          <>
            <th scope="col">Platform</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="wide">
              Digest
            </th>
          </>
        }
      >
        {entries.map(({ digest, platform, kind, bytes }) => (
          <tr key={digest}>
            <th scope="row">
              {platform === null || kind === null ? (
                <>
                  {kind === null ? (platform ?? "unknown") : kindText(kind)}{" "}
                  {kind === null ? <Badge tone="warn">not stored here</Badge> : null}
                </>
              ) : (
                <a href={at.image(repository, reference, { platform })}>{platform}</a>
              )}{" "}
              {digest === shown?.digest ? <Badge>shown below</Badge> : null}
            </th>
            <td class="number">{bytes === null ? null : <Bytes bytes={bytes} />}</td>
            <td class="wide">{linkTo(repository, digest)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Referrers({ frame, detail }: { readonly frame: Frame; readonly detail: ImageDetail }) {
  const { referrers, repository } = detail;
  if (referrers.length === 0) return null;
  return (
    <>
      <h2>Signatures, SBOMs and others about it</h2>
      <Table
        label="Signatures, SBOMs and other manifests about this one"
        head={
          <>
            <th scope="col">Kind</th>
            <th scope="col">Digest</th>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">Pushed</th>
          </>
        }
      >
        {referrers.map((each) => (
          <tr key={each.digest}>
            <th scope="row">
              <Kind kind={each.kind} />
            </th>
            <td>{linkTo(repository, each.digest)}</td>
            <td class="wrap">
              <code>{each.artifactType ?? each.mediaType}</code>
            </td>
            <td class="number">
              <Bytes bytes={each.bytes} />
            </td>
            <td>
              <PushCell pushed={{ ...each, push: null }} now={frame.now} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** Tags that are listed. */
const mostTags = 100;

function Tags({ detail }: { readonly detail: ImageDetail }) {
  const { tags, repository } = detail;
  const rest = tags.length - mostTags;
  return (
    <>
      {tags.slice(0, mostTags).map((tag, index) => (
        <>
          {index === 0 ? "" : ", "}
          <a href={at.image(repository, tag)}>{tag}</a>
        </>
      ))}
      {rest > 0 ? " and more" : ""}
    </>
  );
}
