// Objects in the property test: what a store promises of them, and the requests that are about them. They share their contents with
// the repositories.
import { expect } from "bun:test";
import type { Digest } from "../../../src/model/digest.ts";
import type { RepositoryName } from "../../../src/model/names.ts";
import type { ObjectRequest } from "./actions.ts";
import type { StoreModel } from "./model.ts";
import type { RealStore } from "./real.ts";

/** What a request is about: content by its number, repositories by theirs. */
export interface Contents {
  readonly bytesOf: (blob: number) => Uint8Array;
  readonly digestOf: (blob: number) => Digest;
  readonly repositoryOf: (at: number) => RepositoryName;
}

/** Two buckets, two names in each. */
export const buckets = ["model-0", "model-1"] as const;
const pathOf = (name: number): string => `${bucketOf(name)}/path/to/o${name}`;
const bucketOf = (name: number) => (name % 2 === 0 ? buckets[0] : buckets[1]);

/** Does it to both, and compares the answers. */
export async function requestObject(
  { real, model }: { readonly real: RealStore; readonly model: StoreModel },
  request: ObjectRequest,
  { bytesOf, digestOf, repositoryOf }: Contents,
): Promise<void> {
  const path = pathOf(request.name);
  switch (request.kind) {
    case "putObject": {
      const digest = digestOf(request.blob);
      expect(await real.objects.put(path, bytesOf(request.blob))).toBe(digest);
      putObject(model, path, digest);
      return;
    }
    case "linkObject": {
      const [repository, digest] = [repositoryOf(request.at), digestOf(request.blob)];
      const isHeld = model.rows.links.has(`${repository} ${digest}`);
      const refusal = await real.linkObject(path, repository, digest);
      expect(refusal).toBe(isHeld ? null : "BLOB_UNKNOWN");
      if (isHeld) putObject(model, path, digest);
      return;
    }
    case "removeObject": {
      const isThere = model.rows.objects.has(path);
      expect(await real.removeObject(path)).toBe(isThere ? null : "OBJECT_UNKNOWN");
      removeObject(model, path);
      return;
    }
    case "mountObject": {
      const [repository, digest] = [repositoryOf(request.at), digestOf(request.blob)];
      const bucket = bucketOf(request.name);
      const isThere = [...model.rows.objects].some(
        ([each, made]) => each.startsWith(`${bucket}/`) && made === digest,
      );
      expect(await real.mountObject(repository, digest, bucket)).toBe(isThere);
      if (isThere) model.take(repository, digest);
      return;
    }
    default:
      request satisfies never;
  }
}

/** Takes all objects away. @returns what they were made of. */
export async function removeObjects(real: RealStore, model: StoreModel): Promise<Set<string>> {
  const used = new Set(model.rows.objects.values());
  for (const path of [...model.rows.objects.keys()]) {
    expect(await real.removeObject(path)).toBeNull();
    removeObject(model, path);
  }
  return used;
}

function putObject(model: StoreModel, path: string, digest: string): void {
  const { rows, wall } = model;
  const before = rows.objects.get(path);
  // The object keeps it: it gets no lease, and one that it has stays what it is.
  const content = rows.contents.get(digest) ?? { createdAt: wall, keptUntil: wall };
  rows.contents.set(digest, { ...content, releasedAt: 0 });
  rows.objects.set(path, digest);
  if (before !== undefined && before !== digest) model.letGo(before);
}

function removeObject(model: StoreModel, path: string): void {
  const digest = model.rows.objects.get(path);
  model.rows.objects.delete(path);
  if (digest !== undefined) model.letGo(digest);
}
