// Buckets: the list, and a form for another one.
import type { Bucket } from "../../metadata/objects.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Layout } from "../layout.tsx";
import { Ago, Bytes, Field, Notice, Table } from "../parts.tsx";
import { render } from "../render.ts";

/** What the page shows. */
export interface BucketsView {
  readonly buckets: readonly Bucket[];
  /** Address of the next page; null for none. */
  readonly next: string | null;
  /** The name that was typed, when the form was refused. */
  readonly typed: string;
  readonly said: string | null;
}

/** The document. */
export function bucketsPage(frame: Frame, { buckets, next, typed, said }: BucketsView): string {
  return render(
    <Layout frame={frame} title="Buckets" section="buckets">
      <h1>Buckets</h1>
      {said === null ? null : (
        <Notice tone="bad">
          <p role="alert">{said}</p>
        </Notice>
      )}
      {buckets.length === 0 ? (
        <p class="empty">There is no bucket. Buckets hold files of any kind and size.</p>
      ) : (
        <Table
          label="Buckets"
          head={
            <>
              <th scope="col">Name</th>
              <th scope="col" class="number">
                Objects
              </th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col">Created</th>
            </>
          }
        >
          {buckets.map(({ name, objects, bytes, createdAt }) => (
            <tr key={name}>
              <th scope="row">
                <a href={at.bucket(name)}>{name}</a>
              </th>
              <td class="number">{objects.toLocaleString("en")}</td>
              <td class="number">
                <Bytes bytes={bytes} />
              </td>
              <td>
                <Ago time={createdAt} now={frame.now} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {next === null ? null : (
        <p class="bar">
          <a class="button" rel="next" href={next}>
            Next page
          </a>
        </p>
      )}
      <h2>Create a bucket</h2>
      <form method="post" action={at.buckets()} class="fields">
        <Field label="Name" hint="lower-case letters, digits, . and -">
          <input name="name" value={typed} autocomplete="off" maxlength={63} required />
        </Field>
        <button type="submit">Create</button>
      </form>
    </Layout>,
  );
}
