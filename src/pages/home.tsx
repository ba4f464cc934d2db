// The first page: what is stored, what was pushed last, what an operator should know, and how to push.
import { showBytes } from "../amounts.ts";
import type { RepositoryPage } from "../images/repositories.ts";
import type { BackupStanding } from "../metadata/backups.ts";
import type { CheckSummary } from "../metadata/checks.ts";
import type { GcRefusals, GcRun } from "../metadata/gcRuns.ts";
import type { KeptSum } from "../metadata/images.ts";
import type { Bucket } from "../metadata/objects.ts";
import type { Space } from "../storage/storage.ts";
import { at } from "./addresses.ts";
import { BucketTable } from "./buckets/table.tsx";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { Ago, Bytes, Command, Figures, Notice } from "./parts.tsx";
import { render } from "./render.ts";
import { CountedAt, RepositoryTable } from "./repositoryTable.tsx";

/** What operators want to know first. */
export interface StoreFacts {
  readonly kept: KeptSum;
  /** Of the file system; null where the store is none. */
  readonly space: Space | null;
  /** The latest collection that has ended and was no dry run; null for none. */
  readonly lastRun: GcRun | null;
  /** Of collections by schedule. */
  readonly refusals: GcRefusals | null;
  /** The latest check whose problems nothing has shown to be over; null for none. */
  readonly standingCheck: CheckSummary | null;
  readonly backups: BackupStanding;
  /** What is wrong with them. */
  readonly backupWarnings: readonly string[];
  /** True after a write error: nothing can be stored until a restart. */
  readonly isBroken: boolean;
}

/** What the page shows. */
export interface HomeView {
  /** The latest pushes first. */
  readonly repositories: RepositoryPage;
  readonly buckets: { readonly items: readonly Bucket[]; readonly more: boolean };
  /** null for visitors who are no operators. */
  readonly store: StoreFacts | null;
  /** True: the operator has switched off pushes. */
  readonly isReadOnly: boolean;
}

/** The document. */
export function homePage(frame: Frame, view: HomeView): string {
  const { repositories, buckets, store } = view;
  const isEmpty = repositories.total === 0;
  return render(
    <Layout frame={frame} title="" section="home">
      <h1>{hostOf(frame)}</h1>
      <Warnings frame={frame} view={view} />
      {store === null ? null : <Store store={store} now={frame.now} count={repositories.total} />}
      {isEmpty ? <FirstSteps frame={frame} /> : <Latest frame={frame} page={repositories} />}
      {buckets.items.length === 0 ? null : <Buckets buckets={buckets} />}
      {isEmpty ? null : (
        <>
          <h2>Push an image</h2>
          <Command>{pushCommand(frame, "my-app", "my-app:1.0")}</Command>
        </>
      )}
    </Layout>,
  );
}

const hostOf = ({ origin }: Frame): string => origin.slice(origin.indexOf("//") + 2);

const pushCommand = (frame: Frame, image: string, name: string): string =>
  `docker tag ${image} ${hostOf(frame)}/${name}\ndocker push ${hostOf(frame)}/${name}`;

/** Docker speaks plain HTTP to these without being told. */
const isLocal = ({ origin }: Frame): boolean =>
  /^https?:\/\/(?:localhost|[^/]*\.localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?$/.test(origin);

function Warnings({ frame, view }: { readonly frame: Frame; readonly view: HomeView }) {
  const { store, isReadOnly } = view;
  const isPlain = frame.origin.startsWith("http:");
  const run = store?.lastRun ?? null;
  return (
    <>
      {store?.isBroken === true ? (
        <Notice tone="bad">
          <p>
            <strong>The store is read-only after a write error.</strong> Look at the server's log
            and the disk, then restart the server.
          </p>
        </Notice>
      ) : null}
      {isReadOnly ? (
        <Notice>
          <p>
            This registry is read-only (<code>registry.readOnly</code>).
          </p>
        </Notice>
      ) : null}
      {frame.visitor.door === "open" && !isLocal(frame) ? (
        <Notice tone="warn">
          <p>
            <strong>Open to everyone:</strong> anyone who can reach this address can push and
            delete. To ask for logins: <code>breadbox user add NAME --admin</code>
          </p>
        </Notice>
      ) : null}
      {isPlain && !isLocal(frame) ? (
        <Notice tone="warn">
          <p>
            <strong>Plain HTTP:</strong> Docker accepts it for localhost only. To encrypt:{" "}
            <code>breadbox serve --tls self-signed</code>, or a proxy with TLS.
          </p>
        </Notice>
      ) : null}
      {store === null || store.refusals === null ? null : (
        <Notice tone="warn">
          <p>
            <strong>
              Garbage is not collected since <Ago time={store.refusals.since} now={frame.now} />:
            </strong>{" "}
            {store.refusals.reason}
          </p>
        </Notice>
      )}
      {store === null || store.standingCheck === null ? null : (
        <Notice tone="bad">
          <p>
            <strong>
              The check of <Ago time={store.standingCheck.startedAt} now={frame.now} /> found
              problems.
            </strong>{" "}
            <a href={at.check(store.standingCheck.id)}>What they are, and what repairs them</a>
          </p>
        </Notice>
      )}
      {run?.state === "failed" ? (
        <Notice tone="warn">
          <p>
            <strong>The last collection of garbage failed</strong> (
            <Ago time={run.startedAt} now={frame.now} />
            ): {run.reason}
          </p>
        </Notice>
      ) : null}
      {(store?.backupWarnings ?? []).map((text) => (
        <Notice tone="warn">
          <p>
            <strong>{text}</strong>
          </p>
        </Notice>
      ))}
    </>
  );
}

function Store(props: {
  readonly store: StoreFacts;
  readonly now: number;
  readonly count: number;
}) {
  const { store, now, count } = props;
  const { kept, space, lastRun } = store;
  return (
    <Figures
      items={[
        ["Stored", <Bytes bytes={kept.bytes} />],
        ["Repositories", count.toLocaleString("en")],
        ["Blobs", kept.blobs.toLocaleString("en")],
        ...(kept.savedBytes === 0
          ? []
          : [["Not stored twice", <Bytes bytes={kept.savedBytes} />] as const]),
        ...(kept.looseBytes === 0
          ? []
          : [["Freed by the next collection", <Bytes bytes={kept.looseBytes} />] as const]),
        ...(space === null
          ? []
          : [["Free space", `${showBytes(space.free)} of ${showBytes(space.total)}`] as const]),
        ["Last collection", <Ago time={lastRun?.startedAt ?? null} now={now} />],
        ["Last backup", <Ago time={store.backups.lastCompleteAt} now={now} />],
      ]}
    />
  );
}

function Latest({ frame, page }: { readonly frame: Frame; readonly page: RepositoryPage }) {
  return (
    <>
      <h2>Latest pushes</h2>
      <RepositoryTable
        rows={page.rows}
        now={frame.now}
        head={
          <>
            <th scope="col">Name</th>
            <th scope="col" class="number">
              Tags
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number wide">
              Only here
            </th>
            <th scope="col">Last push</th>
            <th scope="col" class="wide">
              Last pull
            </th>
          </>
        }
      />
      <CountedAt at={page.countedAt} now={frame.now} />
      {page.next === null ? null : (
        <p>
          <a href={at.repositories()}>All {page.total.toLocaleString("en")} repositories</a>
        </p>
      )}
    </>
  );
}

function Buckets({ buckets }: { readonly buckets: HomeView["buckets"] }) {
  return (
    <>
      <h2>Buckets</h2>
      <BucketTable buckets={buckets.items} created={null} />
      {buckets.more ? (
        <p>
          <a href={at.buckets()}>All buckets</a>
        </p>
      ) : null}
    </>
  );
}

function FirstSteps({ frame }: { readonly frame: Frame }) {
  return (
    <>
      <h2>Nothing is stored yet</h2>
      <p>Push the first image:</p>
      <Command>{`docker pull alpine\n${pushCommand(frame, "alpine", "alpine")}`}</Command>
      <p>Or store a file in a bucket:</p>
      <Command>{`breadbox bucket create backups --server ${frame.origin}\nbreadbox bucket put FILE backups --server ${frame.origin}`}</Command>
      {frame.visitor.may.explore ? (
        <p class="muted">
          All operations of the API: <a href="/swagger">/swagger</a>
        </p>
      ) : null}
    </>
  );
}
