// One bucket: folders and objects, a place to drop files, and ways to delete.
import type { Sharing } from "../../images/sharing.ts";
import type { Bucket, ObjectRecord } from "../../metadata/objects.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { SharedWith } from "../imageLayers.tsx";
import { Layout } from "../layout.tsx";
import {
  Ago,
  Bytes,
  Confirmed,
  ConfirmedForm,
  Crumbs,
  Figures,
  NextPage,
  Said,
  Table,
} from "../parts.tsx";
import { render } from "../render.ts";
import { Puts } from "./puts.tsx";

/** An object, and where it is downloaded. */
export interface ShownObject extends Pick<ObjectRecord, "object" | "size" | "createdAt"> {
  readonly href: string;
  /** True for those who may delete it. */
  readonly mayDelete: boolean;
  /** Repositories that hold the same content, as far as the visitor may see; null for none. */
  readonly sharing: Sharing | null;
}

/** What the page shows. */
export interface BucketView {
  /** null for visitors who see a part of the bucket only. */
  readonly bucket: Bucket | null;
  readonly name: string;
  /** Of the names that are shown. */
  readonly prefix: string;
  readonly folders: readonly string[];
  readonly objects: readonly ShownObject[];
  /** Address of the next page; null for none. */
  readonly next: string | null;
  /** True for those who may put objects here. */
  readonly mayPut: boolean;
  /** True for those who may delete the bucket. */
  readonly mayRemove: boolean;
  readonly said: string | null;
}

/** The document. */
export function bucketPage(frame: Frame, view: BucketView): string {
  const { bucket, name, prefix, next, mayPut, said } = view;
  return render(
    <Layout frame={frame} title={name} section="buckets" script="bucket.js">
      <Crumbs items={crumbsOf(name, prefix)} />
      <h1>{prefix === "" ? name : (prefix.split("/").at(-2) ?? prefix)}</h1>
      <Said said={said} />
      {bucket === null || prefix !== "" ? null : (
        <Figures
          items={[
            ["Objects", bucket.objects.toLocaleString("en")],
            ["Size", <Bytes key="size" bytes={bucket.bytes} />],
          ]}
        />
      )}
      {mayPut ? <Puts name={name} prefix={prefix} /> : null}
      <div data-listing>
        <Listing frame={frame} view={view} />
        <NextPage href={next} />
      </div>
      {view.mayRemove && prefix === "" ? <Remove name={name} /> : null}
    </Layout>,
  );
}

/** Buckets, the bucket, and each folder above this one. */
function crumbsOf(name: string, prefix: string): readonly (readonly [string, string])[] {
  const folders = prefix.split("/").slice(0, -1);
  const above = folders.map((folder, index) => {
    const path = `${folders.slice(0, index + 1).join("/")}/`;
    return [folder, at.bucket(name, { prefix: path })] as const;
  });
  return [["Buckets", at.buckets()] as const, [name, at.bucket(name)] as const, ...above].slice(
    0,
    above.length + 1,
  );
}

function Listing({ frame, view }: { readonly frame: Frame; readonly view: BucketView }) {
  const { name, prefix, folders, objects } = view;
  const hasLinks = objects.some(({ sharing }) => sharing !== null);
  if (folders.length === 0 && objects.length === 0) return <p class="empty">Nothing is here.</p>;
  return (
    <Table
      label="Objects"
      head={
        <>
          <th scope="col">Name</th>
          <th scope="col" class="number">
            Size
          </th>
          <th scope="col" class="wide">
            Stored
          </th>
          {hasLinks ? <th scope="col">Also in</th> : null}
          <th scope="col">Delete</th>
        </>
      }
    >
      {folders.map((folder) => (
        <tr key={folder}>
          <th scope="row">
            <a href={at.bucket(name, { prefix: folder })}>{folder.slice(prefix.length)}</a>
          </th>
          <td class="number" />
          <td class="wide" />
          {hasLinks ? <td /> : null}
          <td />
        </tr>
      ))}
      {objects.map((object) => (
        <ObjectRow key={object.object} {...{ frame, name, prefix, object, hasLinks }} />
      ))}
    </Table>
  );
}

function ObjectRow(props: {
  readonly frame: Frame;
  readonly name: string;
  readonly prefix: string;
  readonly object: ShownObject;
  readonly hasLinks: boolean;
}) {
  const { frame, name, prefix, object, hasLinks } = props;
  const shown = object.object.slice(prefix.length);
  return (
    <tr>
      <th scope="row" class="wrap">
        <a href={object.href} download>
          {shown}
        </a>
      </th>
      <td class="number">
        <Bytes bytes={object.size} />
      </td>
      <td class="wide">
        <Ago time={object.createdAt} now={frame.now} />
      </td>
      {hasLinks ? (
        <td class="break">
          {object.sharing === null ? null : <SharedWith sharing={object.sharing} own="" />}
        </td>
      ) : null}
      <td>
        {object.mayDelete ? (
          <ConfirmedForm
            label="Delete"
            action={`${at.bucket(name)}/delete`}
            name="object"
            value={object.object}
          >
            Delete {shown}
          </ConfirmedForm>
        ) : null}
      </td>
    </tr>
  );
}

function Remove({ name }: { readonly name: string }) {
  return (
    <>
      <h2>Delete the bucket</h2>
      <Confirmed label={`Delete ${name}`}>
        <p>Only a bucket without objects is deleted. Open uploads into it are aborted.</p>
        <form method="post" action={`${at.bucket(name)}/remove`}>
          <button type="submit" class="danger">
            Delete the bucket {name}
          </button>
        </form>
      </Confirmed>
    </>
  );
}
