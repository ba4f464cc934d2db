// Many objects are removed, some at a time, each only if it is what the plan has seen.
import { type BucketAddress, objectPath } from "../../client/address.ts";
import type { Client } from "../../client/client.ts";
import { listObjects } from "../../client/lists.ts";
import { together, workers } from "../../client/parallel.ts";
import { RefusedError } from "../../client/problems.ts";
import type { RemoteItem } from "./syncPlan.ts";

const atOnce = 8;

/** Every object below a prefix. Their names are those behind it. */
export async function listBelow(
  client: Client,
  { bucket, object: prefix }: BucketAddress,
): Promise<readonly RemoteItem[]> {
  const items: RemoteItem[] = [];
  for await (const page of listObjects(client, bucket, { prefix })) {
    for (const { object, size_bytes: size, digest } of page.items) {
      items.push({ name: object.slice(prefix.length), size, digest });
    }
  }
  return items;
}

/** @returns how many were removed: one that was replaced since it was listed stays, one that is gone is no error. */
export async function removeObjects(
  client: Client,
  { bucket, object: prefix }: BucketAddress,
  items: readonly RemoteItem[],
): Promise<number> {
  let removed = 0;
  const remove = async ({ name, digest }: RemoteItem, stop: AbortSignal): Promise<void> => {
    const headers = { "if-match": `"${digest}"` };
    const path = objectPath({ bucket, object: prefix + name });
    try {
      await client.done(path, { method: "DELETE", headers, stop });
      removed += 1;
    } catch (error) {
      const isOther = error instanceof RefusedError && [404, 412].includes(error.status);
      if (!isOther) throw error;
    }
  };
  await together(new AbortController().signal, workers(atOnce, items, remove));
  return removed;
}
