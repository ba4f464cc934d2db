// Buckets: the list, and a form for another one.
import type { Bucket } from "../../metadata/objects.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Layout } from "../layout.tsx";
import { Field, NextPage, Said } from "../parts.tsx";
import { render } from "../render.ts";
import { BucketTable } from "./table.tsx";

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
      <Said said={said} />
      {buckets.length === 0 ? (
        <p class="empty">There is no bucket. Buckets hold files of any kind and size.</p>
      ) : (
        <BucketTable buckets={buckets} created={frame.now} />
      )}
      <NextPage href={next} />
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
