// Collections of garbage: what one would delete, as a plan to be read and then applied, and those that were.
import { counted, showAge, showBytes } from "../../amounts.ts";
import type { GcRefusals, GcRun } from "../../metadata/gcRuns.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Bytes, NextPage, Notice, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { Live, ServerPage } from "./tabs.tsx";

/** What the page shows. */
export interface GarbageView {
  /** The latest first. */
  readonly runs: readonly GcRun[];
  /** The latest of all runs; null before the first one. */
  readonly latest: GcRun | null;
  /** Address of the page with earlier ones; null for none. */
  readonly next: string | null;
  /** Of runs by schedule; null while they are not refused. */
  readonly refusals: GcRefusals | null;
  /** True for those who may start one. */
  readonly mayCollect: boolean;
  readonly said: string | null;
}

/** The document. */
export function garbagePage(frame: Frame, view: GarbageView): string {
  const { runs, latest, next, refusals, mayCollect, said } = view;
  return render(
    <ServerPage frame={frame} tab="garbage" title="Garbage" said={said}>
      {refusals === null ? null : (
        <Notice tone="warn">
          <p>
            <strong>Collections by schedule are refused</strong> since{" "}
            <Ago time={refusals.since} now={frame.now} />: {refusals.reason}
          </p>
        </Notice>
      )}
      <p class="muted">
        A collection deletes what no image and no object uses any more, while pushes and pulls go
        on. What was pushed a short while ago stays.
      </p>
      <Live frame={frame} topic="gc" shown={eventOf(latest)}>
        <Next latest={latest} mayCollect={mayCollect} />
        <h2>Collections</h2>
        {runs.length === 0 ? <p class="empty">There was none yet.</p> : null}
        {runs.length === 0 ? null : <Runs frame={frame} runs={runs} />}
      </Live>
      <NextPage href={next}>Earlier ones</NextPage>
    </ServerPage>,
  );
}

/** As `/v1/events` tells it. */
const eventOf = (latest: GcRun | null): string =>
  JSON.stringify(latest === null ? [] : [{ id: latest.id, state: latest.state }]);

/** What can be done now: look first, then delete. */
function Next(props: { readonly latest: GcRun | null; readonly mayCollect: boolean }) {
  const { latest, mayCollect } = props;
  if (latest?.state === "running") {
    return (
      <Notice tone="accent">
        <p role="status">
          {latest.dryRun ? "Looking for what can be deleted …" : "A collection is running …"}
        </p>
      </Notice>
    );
  }
  const isPlan = latest?.dryRun === true && latest.state === "done";
  return (
    <>
      {isPlan ? <Plan run={latest} mayCollect={mayCollect} /> : null}
      {mayCollect ? (
        <form method="post" action={at.garbage()}>
          <input type="hidden" name="do" value="look" />
          <button type="submit" class={isPlan ? undefined : "primary"}>
            {isPlan ? "Look again" : "Look what can be deleted"}
          </button>
        </form>
      ) : null}
    </>
  );
}

function Plan({ run, mayCollect }: { readonly run: GcRun; readonly mayCollect: boolean }) {
  const { orphanedBlobs, orphanedBytes, deletedManifests, totalBlobs } = run.counts;
  const isEmpty = orphanedBlobs === 0 && deletedManifests === 0;
  return (
    <Notice tone={isEmpty ? "good" : "plain"}>
      {isEmpty ? (
        <p role="status">There is nothing to delete: all {counted(totalBlobs, "blob")} are used.</p>
      ) : (
        <>
          <p role="status">
            A collection would delete <strong>{counted(orphanedBlobs, "blob")}</strong> of{" "}
            {totalBlobs}
            {deletedManifests > 0 ? ` and ${counted(deletedManifests, "untagged manifest")}` : ""},
            and free <strong>{showBytes(orphanedBytes)}</strong>.
          </p>
          <p>What is pushed, tagged or linked until then is asked for again, and stays.</p>
          {mayCollect ? (
            <form method="post" action={at.garbage()}>
              <input type="hidden" name="do" value="collect" />
              <button type="submit" class="danger">
                Delete {counted(orphanedBlobs, "blob")}
              </button>
            </form>
          ) : null}
        </>
      )}
    </Notice>
  );
}

const triggers = { schedule: "schedule", api: "page or API", command: "command" } as const;
const tones = { running: "accent", done: "good", refused: "warn", failed: "bad" } as const;

function Runs({ frame, runs }: { readonly frame: Frame; readonly runs: readonly GcRun[] }) {
  return (
    <Table
      label="Collections"
      head={
        <>
          <th scope="col">Begun</th>
          <th scope="col">By</th>
          <th scope="col">Result</th>
          <th scope="col" class="number">
            Blobs
          </th>
          <th scope="col" class="number">
            Freed
          </th>
          <th scope="col" class="number">
            Took
          </th>
        </>
      }
    >
      {runs.map((run) => (
        <Row key={run.id} frame={frame} run={run} />
      ))}
    </Table>
  );
}

function Row({ frame, run }: { readonly frame: Frame; readonly run: GcRun }) {
  const { dryRun, state, counts, startedAt, finishedAt, reason } = run;
  const blobs = dryRun ? counts.orphanedBlobs : counts.deletedBlobs;
  const bytes = dryRun ? counts.orphanedBytes : counts.deletedBytes;
  return (
    <tr>
      <th scope="row">
        <Ago time={startedAt} now={frame.now} />
      </th>
      <td>{triggers[run.trigger]}</td>
      <td class="wrap">
        <Badge tone={tones[state]}>{state}</Badge> {dryRun ? <Badge>looked only</Badge> : null}{" "}
        {reason ?? ""}
      </td>
      <td class="number">{dryRun ? `(${blobs})` : blobs}</td>
      <td class="number">
        {dryRun ? "(" : ""}
        <Bytes bytes={bytes} />
        {dryRun ? ")" : ""}
      </td>
      <td class="number">
        {finishedAt === null ? "" : showAge(Math.max(0, finishedAt - startedAt))}
      </td>
    </tr>
  );
}
