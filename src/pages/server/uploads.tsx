// Open upload sessions: what arrives, how fast, and a way to end one.
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Bytes, Confirmed, Table } from "../parts.tsx";
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
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** What the page shows. */
export interface UploadsView {
  readonly uploads: readonly ShownUpload[];
  /** True when there are others. */
  readonly more: boolean;
  /** True for those who may end one. */
  readonly mayEnd: boolean;
}

/** The document. */
export function uploadsPage(frame: Frame, { uploads, more, mayEnd }: UploadsView): string {
  return render(
    <ServerPage frame={frame} tab="uploads" title="Uploads">
      <Live frame={frame} topic="uploads">
        {uploads.length === 0 ? (
          <p class="empty">No upload is open.</p>
        ) : (
          <Table
            label="Open uploads"
            head={
              <>
                <th scope="col">Repository</th>
                <th scope="col" class="wide">
                  Upload
                </th>
                <th scope="col" class="number">
                  Received
                </th>
                <th scope="col" class="number">
                  Speed
                </th>
                <th scope="col" class="wide">
                  Begun
                </th>
                <th scope="col" class="wide">
                  Expires
                </th>
                {mayEnd ? <th scope="col">End</th> : null}
              </>
            }
          >
            {uploads.map((upload) => (
              <Row key={upload.id} frame={frame} upload={upload} mayEnd={mayEnd} />
            ))}
          </Table>
        )}
      </Live>
      {more ? <p>There are others: these {uploads.length} began first.</p> : null}
    </ServerPage>,
  );
}

function Row(props: {
  readonly frame: Frame;
  readonly upload: ShownUpload;
  readonly mayEnd: boolean;
}) {
  const { frame, upload, mayEnd } = props;
  const { id, repository, bytes, arriving, writing, startedAt, expiresAt } = upload;
  return (
    <tr data-upload={id} data-writing={String(writing)}>
      <th scope="row">
        <a href={at.repository(repository)}>{repository}</a>
      </th>
      <td class="wide">
        <code title={id}>{id.slice(-12)}</code>{" "}
        {writing ? <Badge tone="good">writing</Badge> : <Badge>waiting</Badge>}
      </td>
      <td class="number" data-bytes>
        <Bytes bytes={bytes + arriving} />
      </td>
      <td class="number muted" data-speed>
        –
      </td>
      <td class="wide">
        <Ago time={startedAt} now={frame.now} />
      </td>
      <td class="wide">
        <time dateTime={new Date(expiresAt).toISOString()}>
          {new Date(expiresAt).toISOString().slice(0, 16).replace("T", " ")}
        </time>
      </td>
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
