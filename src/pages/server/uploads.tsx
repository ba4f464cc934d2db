// Open upload sessions: what arrives, how fast, and a way to end one.
import { utcTime } from "../../amounts.ts";
import { plainText } from "../../plainText.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Bytes, Confirmed, Figures, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { Live, ServerPage } from "./tabs.tsx";

/** An open session. Times are Unix ms. */
export interface ShownUpload {
  readonly id: string;
  readonly repository: string;
  /** That are stored. */
  readonly bytes: number;
  /** That a running request has sent on top of them. */
  readonly arriving: number;
  readonly writing: boolean;
  /** `user:ann`; null: nobody had to log in. */
  readonly startedBy: string | null;
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** An open upload in parts. Times are Unix ms. */
export interface ShownParts {
  readonly id: string;
  readonly bucket: string;
  readonly object: string;
  readonly parts: number;
  /** Of these parts. */
  readonly bytes: number;
  readonly completing: boolean;
  readonly startedBy: string | null;
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** What the page shows. */
export interface UploadsView {
  readonly uploads: readonly ShownUpload[];
  readonly inParts: readonly ShownParts[];
  /** True when there are others. */
  readonly more: boolean;
  /** Bytes that would be stored besides, if each repository had its own copy. */
  readonly savedBytes: number;
  /** Bytes that clients of this server linked without sending them, since its start. */
  readonly mountedBytes: number;
  /** True for those who may end one. */
  readonly mayEnd: boolean;
}

/** The document. */
export function uploadsPage(frame: Frame, view: UploadsView): string {
  const { uploads, inParts, more, mayEnd } = view;
  return render(
    <ServerPage frame={frame} tab="uploads" title="Uploads">
      <Live frame={frame} topic="uploads">
        {uploads.length + inParts.length === 0 ? <p class="empty">No upload is open.</p> : null}
        {uploads.length === 0 ? null : (
          <Table
            label="Open uploads"
            head={
              <>
                <th scope="col">Repository</th>
                <th scope="col" class="wide">
                  Upload
                </th>
                <CommonHeads mayEnd={mayEnd} />
              </>
            }
          >
            {uploads.map((upload) => (
              <Row key={upload.id} frame={frame} upload={upload} mayEnd={mayEnd} />
            ))}
          </Table>
        )}
        {inParts.length === 0 ? null : <InParts frame={frame} uploads={inParts} mayEnd={mayEnd} />}
      </Live>
      {more ? <p>There are others: these began first.</p> : null}
      <Savings view={view} />
    </ServerPage>,
  );
}

function Row(props: {
  readonly frame: Frame;
  readonly upload: ShownUpload;
  readonly mayEnd: boolean;
}) {
  const { frame, upload, mayEnd } = props;
  const { id, repository, bytes, arriving, writing } = upload;
  return (
    <tr data-upload={id} data-writing={String(writing)}>
      <th scope="row">
        <a href={at.repository(repository)}>{repository}</a>
      </th>
      <td class="wide">
        <code title={id}>{id.slice(-12)}</code>{" "}
        {writing ? <Badge tone="good">writing</Badge> : <Badge>waiting</Badge>}
      </td>
      <CommonCells frame={frame} upload={upload} bytes={bytes + arriving} />
      {mayEnd ? (
        <td>
          <Confirmed label="End">
            <p>
              Its bytes are deleted{writing ? ", although a client sends to it" : ""}. The client
              has to begin anew.
            </p>
            <form method="post" action={at.uploads}>
              <input type="hidden" name="id" value={id} />
              <button type="submit" class="danger">
                End this upload
              </button>
            </form>
          </Confirmed>
        </td>
      ) : null}
    </tr>
  );
}

/** What both kinds of uploads show alike, in the order of {@link CommonCells}. */
const CommonHeads = ({ mayEnd }: { readonly mayEnd: boolean }) => (
  <>
    <th scope="col" class="number">
      Received
    </th>
    <th scope="col" class="number">
      Speed
    </th>
    <th scope="col">By</th>
    <th scope="col" class="wide">
      Begun
    </th>
    <th scope="col" class="wide">
      Expires
    </th>
    {mayEnd ? <th scope="col">End</th> : null}
  </>
);

/** @param props.bytes that have arrived. */
function CommonCells(props: {
  readonly frame: Frame;
  readonly upload: Pick<ShownUpload, "startedBy" | "startedAt" | "expiresAt">;
  readonly bytes: number;
}) {
  const { startedBy, startedAt, expiresAt } = props.upload;
  return (
    <>
      <td class="number" data-bytes>
        <Bytes bytes={props.bytes} />
      </td>
      <td class="number muted" data-speed>
        –
      </td>
      <td>
        <Starter name={startedBy} />
      </td>
      <td class="wide">
        <Ago time={startedAt} now={props.frame.now} />
      </td>
      <td class="wide">
        <Expiry time={expiresAt} />
      </td>
    </>
  );
}

const Starter = ({ name }: { readonly name: string | null }) => (
  <span class={name === null ? "muted" : undefined}>{name ?? "anonymous"}</span>
);

const Expiry = ({ time }: { readonly time: number }) => (
  <time dateTime={new Date(time).toISOString()}>{utcTime(time).slice(0, 16)}</time>
);

function InParts(props: {
  readonly frame: Frame;
  readonly uploads: readonly ShownParts[];
  readonly mayEnd: boolean;
}) {
  const { frame, uploads, mayEnd } = props;
  return (
    <>
      <h2>In parts, into buckets</h2>
      <Table
        label="Open uploads in parts"
        head={
          <>
            <th scope="col">Object</th>
            <th scope="col" class="number">
              Parts
            </th>
            <CommonHeads mayEnd={mayEnd} />
          </>
        }
      >
        {uploads.map((upload) => (
          <PartsRow key={upload.id} frame={frame} upload={upload} mayEnd={mayEnd} />
        ))}
      </Table>
    </>
  );
}

function PartsRow(props: {
  readonly frame: Frame;
  readonly upload: ShownParts;
  readonly mayEnd: boolean;
}) {
  const { frame, upload, mayEnd } = props;
  const { id, bucket, object, parts, bytes, completing } = upload;
  return (
    <tr data-upload={id} data-writing={String(completing)}>
      <th scope="row" class="wrap">
        <a href={at.bucket(bucket)}>{bucket}</a>/{plainText(object)}{" "}
        {completing ? <Badge tone="good">completing</Badge> : null}
      </th>
      <td class="number" data-parts>
        {parts}
      </td>
      <CommonCells frame={frame} upload={upload} bytes={bytes} />
      {mayEnd ? (
        <td>
          <Confirmed label="End">
            <p>Its parts are deleted. The client has to begin anew.</p>
            <form method="post" action={at.uploads}>
              <input type="hidden" name="id" value={id} />
              <input type="hidden" name="bucket" value={bucket} />
              <button type="submit" class="danger">
                End this upload
              </button>
            </form>
          </Confirmed>
        </td>
      ) : null}
    </tr>
  );
}

/** Only what is known: a client that finds out by HEAD that a blob is there sends nothing, and nobody counts it. */
function Savings({ view: { savedBytes, mountedBytes } }: { readonly view: UploadsView }) {
  return (
    <>
      <h2>Saved by storing everything once</h2>
      <Figures
        items={[
          ["Not stored twice", <Bytes bytes={savedBytes} />],
          ["Mounted since the start, not sent", <Bytes bytes={mountedBytes} />],
        ]}
      />
      <p class="muted">
        The first is what would be stored besides if each repository had its own copy. The second
        counts mounts on this server; blobs that clients found to be there already come on top.
      </p>
    </>
  );
}
