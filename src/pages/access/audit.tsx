// The audit trail: who did what, the latest first.
import { showTime } from "../../amounts.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Badge, Digest, Field, NextPage, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { AccessPage } from "./tabs.tsx";

/** One entry. */
export interface ShownEntry {
  readonly id: number;
  /** Unix ms. */
  readonly at: number;
  readonly event: string;
  readonly who: string | null;
  readonly address: string | null;
  readonly resource: string | null;
  readonly detail: string | null;
  readonly digest: string | null;
  readonly times: number;
}

/** What the page shows. */
export interface AuditPageContents {
  readonly entries: readonly ShownEntry[];
  readonly next: string | null;
  readonly who: string;
  readonly resource: string;
}

/** The page. */
export function auditPage(frame: Frame, contents: AuditPageContents): string {
  const { entries, next, who, resource } = contents;
  return render(
    <AccessPage frame={frame} tab="audit" title="Audit trail">
      <form action={at.audit()} class="fields">
        <Field label="Who" hint="user:ann, token:ci">
          <input name="who" value={who} />
        </Field>
        <Field label="About" hint="lab/app, bucket:NAME/OBJECT, user:ann">
          <input name="resource" value={resource} />
        </Field>
        <button type="submit">Filter</button>
        {who === "" && resource === "" ? null : <a href={at.audit()}>Show all</a>}
      </form>
      <h2 class="visually-hidden">Entries</h2>
      {entries.length === 0 ? (
        <p class="empty">There is no entry.</p>
      ) : (
        <Table
          label="Entries"
          head={
            <>
              <th scope="col">Time (UTC)</th>
              <th scope="col">Event</th>
              <th scope="col">Who</th>
              <th scope="col">About</th>
              <th scope="col" class="wide">
                Address
              </th>
            </>
          }
        >
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      <NextPage href={next} />
    </AccessPage>,
  );
}

function Row({ entry }: { readonly entry: ShownEntry }) {
  const { event, who, resource, detail, digest, times } = entry;
  const isBad = /failed|delete|remove|revoke/.test(event);
  return (
    <tr>
      <td>
        <time dateTime={new Date(entry.at).toISOString()}>
          {showTime(entry.at).replace(" UTC", "")}
        </time>
      </td>
      <td>
        <Badge tone={isBad ? "warn" : "plain"}>{event}</Badge>
        {times > 1 ? ` × ${times}` : ""}
      </td>
      <td>
        {who === null ? (
          <span class="muted">nobody</span>
        ) : (
          <a href={at.audit({ who, resource: null })}>{who}</a>
        )}
      </td>
      <td class="wrap">
        {resource ?? ""} {detail ?? ""} {digest === null ? null : <Digest digest={digest} />}
      </td>
      <td class="wide">{entry.address ?? ""}</td>
    </tr>
  );
}
