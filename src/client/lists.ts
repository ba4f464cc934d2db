// Everything a server lists, page after page.
import { bucketPath, uploadsPath } from "./address.ts";
import {
  type BucketInfo,
  type ObjectInfo,
  type Page,
  type PartInfo,
  readBucketInfo,
  readObjectInfo,
  readPage,
  readPartInfo,
  readPrefixes,
  readUploadInfo,
  type UploadInfo,
} from "./answers.ts";
import type { Client } from "./client.ts";

/** What a list is asked of. */
export type JsonClient = Pick<Client, "json">;

/** One page of a bucket. */
export interface ObjectPage extends Page<ObjectInfo> {
  /** Common prefixes up to a delimiter. */
  readonly prefixes: readonly string[];
}

type Query = Readonly<Record<string, string>>;

/** Asks for page after page. */
async function* pages<P extends Page<unknown>>(
  ask: (query: string) => Promise<P>,
  query: Query,
): AsyncGenerator<P> {
  let after: string | null = null;
  do {
    const page: P = await ask(
      `?${new URLSearchParams({ ...query, ...(after !== null && { after }) })}`,
    );
    yield page;
    after = page.next;
  } while (after !== null);
}

/** @throws as `Client.json`, as all of them. */
export async function* listBuckets(client: JsonClient): AsyncGenerator<readonly BucketInfo[]> {
  const ask = async (query: string) =>
    readPage(await client.json(`/v1/buckets${query}`), "buckets", readBucketInfo);
  for await (const { items } of pages(ask, {})) yield items;
}

/** @param query `prefix`, `delimiter`, `limit` */
export function listObjects(
  client: JsonClient,
  bucket: string,
  query: Query,
): AsyncGenerator<ObjectPage> {
  const ask = async (text: string): Promise<ObjectPage> => {
    const answer = await client.json(`${bucketPath(bucket)}/objects${text}`);
    return { ...readPage(answer, "objects", readObjectInfo), prefixes: readPrefixes(answer) };
  };
  return pages(ask, query);
}

/** @param query `prefix` */
export async function* listUploads(
  client: JsonClient,
  bucket: string,
  query: Query,
): AsyncGenerator<readonly UploadInfo[]> {
  const ask = async (text: string) =>
    readPage(await client.json(`${uploadsPath(bucket)}${text}`), "uploads", readUploadInfo);
  for await (const { items } of pages(ask, query)) yield items;
}

/** Of an open upload. */
export async function listParts(
  client: JsonClient,
  bucket: string,
  id: string,
): Promise<readonly PartInfo[]> {
  const ask = async (text: string) =>
    readPage(await client.json(`${uploadsPath(bucket, id)}/parts${text}`), "parts", readPartInfo);
  const found: PartInfo[] = [];
  for await (const { items } of pages(ask, {})) found.push(...items);
  return found;
}
