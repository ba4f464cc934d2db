// Buckets in a table, for the first page and for the list of all.
import type { Bucket } from "../../metadata/objects.ts";
import { at } from "../addresses.ts";
import { Ago, Bytes, Table } from "../parts.tsx";

/** @param created Unix ms of this moment, to say how old they are; null where that is left out. */
export function BucketTable(props: {
  readonly buckets: readonly Bucket[];
  readonly created: number | null;
}) {
  const { buckets, created } = props;
  return (
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
          {created === null ? null : <th scope="col">Created</th>}
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
          {created === null ? null : (
            <td>
              <Ago time={createdAt} now={created} />
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}
