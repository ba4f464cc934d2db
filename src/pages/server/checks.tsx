// Checks of the store: the latest result, what is checked now, and those before.
import { showBytes } from "../../amounts.ts";
import type { CheckRun, CheckSummary } from "../../metadata/checks.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Crumbs, NextPage, Notice, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { foundIn, nameOf, originOf, Result, Running, tones } from "./checkResult.tsx";
import { Live, ServerPage } from "./tabs.tsx";

/** What the page shows. */
export interface ChecksView {
  /** The latest first. */
  readonly checks: readonly CheckSummary[];
  /** That run now: a check, a pass of the scrub, or both. */
  readonly running: readonly CheckSummary[];
  /** The latest with a result; null before the first one. */
  readonly last: CheckRun | null;
  /** An earlier one, whose problems nothing has shown to be over; null for none. */
  readonly standing: CheckSummary | null;
  /** Address of the page with earlier ones; null for none. */
  readonly next: string | null;
  /** What the script compares with what it is told. */
  readonly shown: string;
  /** True for those who may begin one. */
  readonly mayCheck: boolean;
  readonly said: string | null;
}

/** The document. */
export function checksPage(frame: Frame, view: ChecksView): string {
  const { checks, running, last, next, shown, said } = view;
  return render(
    <ServerPage frame={frame} tab="checks" title="Checks" said={said}>
      <Live frame={frame} topic="checks" shown={shown}>
        <Standing view={view} frame={frame} />
        {last === null ? (
          <p class="empty">Nothing was checked yet.</p>
        ) : (
          <Result frame={frame} check={last} />
        )}
        {running.map((check) => (
          <Running key={check.id} frame={frame} check={check} />
        ))}
        <Begin view={view} />
        {checks.length === 0 ? null : <h2>Checks so far</h2>}
        {checks.length === 0 ? null : <Checks frame={frame} checks={checks} />}
      </Live>
      <NextPage href={next}>Earlier ones</NextPage>
      <p class="muted">
        A quick check compares the database with names and sizes of stored files. A full one reads
        every byte, as the scrub does by schedule. Neither of them keeps anybody from pushing or
        pulling, and nothing is repaired here: the commands do that.
      </p>
    </ServerPage>,
  );
}

function Standing({ frame, view }: { readonly frame: Frame; readonly view: ChecksView }) {
  const { standing, last } = view;
  if (standing === null || standing.id === last?.id) return null;
  return (
    <Notice tone="bad">
      <p>
        The <a href={at.check(standing.id)}>{nameOf(standing)}</a> of{" "}
        <Ago time={standing.startedAt} now={frame.now} /> found {foundIn(standing)}, and no later
        check has looked as closely.
      </p>
    </Notice>
  );
}

function Begin({ view: { running, mayCheck } }: { readonly view: ChecksView }) {
  if (!mayCheck || running.some(({ kind }) => kind === "fsck")) return null;
  return (
    <form method="post" action={at.checks()} class="bar">
      <button type="submit" name="do" value="quick" class="primary">
        Check now
      </button>
      <button type="submit" name="do" value="full">
        Check every byte
      </button>
    </form>
  );
}

function Checks(props: { readonly frame: Frame; readonly checks: readonly CheckSummary[] }) {
  return (
    <Table
      label="Checks"
      head={
        <>
          <th scope="col">Begun</th>
          <th scope="col">Check</th>
          <th scope="col">By</th>
          <th scope="col">Result</th>
          <th scope="col" class="number">
            Blobs
          </th>
          <th scope="col" class="number">
            Read
          </th>
        </>
      }
    >
      {props.checks.map((check) => (
        <tr key={check.id}>
          <th scope="row">
            <a href={at.check(check.id)}>
              <Ago time={check.startedAt} now={props.frame.now} />
            </a>
          </th>
          <td>{nameOf(check)}</td>
          <td>{originOf(check)}</td>
          <td class="wrap">
            <Badge tone={tones[check.state]}>{check.state}</Badge> {foundIn(check)}{" "}
            {check.reason ?? ""}
          </td>
          <td class="number">{check.contents.toLocaleString("en")}</td>
          <td class="number">{showBytes(check.bytes)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The document about one check. */
export function checkPage(frame: Frame, check: CheckRun, shown: string): string {
  return render(
    <ServerPage frame={frame} tab="checks" title="Check">
      <Crumbs items={[["All checks", at.checks()]]} />
      <Live frame={frame} topic="checks" shown={shown}>
        {check.state === "running" ? (
          <Running frame={frame} check={check} />
        ) : (
          <Result frame={frame} check={check} />
        )}
      </Live>
    </ServerPage>,
  );
}
