// Ways into a bucket: a place to drop files, which its script shows, a form that does without it, and a form for content of a repository.
import { at } from "../addresses.ts";
import { Field } from "../parts.tsx";

interface PutsProps {
  readonly name: string;
  /** Of the folder that is shown. */
  readonly prefix: string;
}

/** All of them. */
export function Puts({ name, prefix }: PutsProps) {
  return (
    <>
      <DropZone name={name} prefix={prefix} />
      <FileForm name={name} prefix={prefix} />
      <LinkForm name={name} prefix={prefix} />
    </>
  );
}

function DropZone({ name, prefix }: PutsProps) {
  return (
    <section class="drop" data-drop data-bucket={name} data-prefix={prefix} hidden>
      <p>
        <label class="button">
          Choose files
          <input type="file" multiple class="visually-hidden" />
        </label>{" "}
        or drop them here.
      </p>
      <p class="small">
        <label>
          <input type="checkbox" name="replace" /> Replace objects of the same name
        </label>
      </p>
      <ul class="sent" aria-live="polite" />
    </section>
  );
}

/** The file is the last field: the server knows its name and place before its first byte. */
function FileForm({ name, prefix }: PutsProps) {
  return (
    <form
      method="post"
      action={at.bucketFiles(name, { prefix: prefix || null })}
      enctype="multipart/form-data"
      class="fields"
      data-plain
    >
      <Replace />
      <Field label="File">
        <input type="file" name="file" required />
      </Field>
      <button type="submit">Store</button>
    </form>
  );
}

function LinkForm({ name, prefix }: PutsProps) {
  return (
    <details class="more">
      <summary>Link content of a repository</summary>
      <div>
        <p class="muted small">
          The object is made of a blob that a repository holds. No byte is copied, and the blob is
          kept for as long as either needs it.
        </p>
        <form
          method="post"
          action={at.bucketLinks(name, { prefix: prefix || null })}
          class="fields"
        >
          <Field label="Name of the object">
            <input name="name" autocomplete="off" required />
          </Field>
          <Field label="Repository">
            <input name="repository" autocomplete="off" required />
          </Field>
          <Field label="Digest of the blob" hint="sha256:…">
            <input name="digest" autocomplete="off" pattern="sha(256|512):[0-9a-f]+" required />
          </Field>
          <Replace />
          <button type="submit">Link</button>
        </form>
      </div>
    </details>
  );
}

function Replace() {
  return (
    <label class="small">
      <input type="checkbox" name="replace" /> Replace an object of the same name
    </label>
  );
}
