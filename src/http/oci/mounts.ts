// `?mount=` of a new upload (distribution-spec, "Mounting a blob from another repository"), from buckets as well. What cannot be mounted is uploaded.

import { RegistryError } from "../../errors.ts";
import { type Digest, parseDigest } from "../../model/digest.ts";
import { type RepositoryName, readRepositoryName } from "../../model/names.ts";
import { readBucketName } from "../../model/objectNames.ts";
import type { ObjectsDeps } from "../../objects/deps.ts";
import type { LinkRights } from "../../objects/link.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import { type MountRequest, mountBlob, mountObject } from "../../registry/mounts.ts";

/** The dependencies of a mount. */
export interface MountDeps {
  readonly registry: RegistryDeps;
  readonly objects: Pick<ObjectsDeps, "metadata">;
  readonly rights: LinkRights;
}

/**
 * Mounts what the query asks for. @returns its digest and size (bytes); null when nothing was asked for or could be mounted.
 * @throws RegistryError DIGEST_INVALID for a malformed digest, or one that differs from `digest` in the same query.
 */
export async function mountAsked(
  deps: MountDeps,
  repository: RepositoryName,
  query: URLSearchParams,
): Promise<{ readonly digest: Digest; readonly size: number } | null> {
  const [text, ...others] = query.getAll("mount");
  if (text === undefined) return null;
  const digest = parseDigest(text);
  const uploaded = query.get("digest");
  if (others.length > 0 || (uploaded !== null && uploaded !== digest)) {
    throw new RegistryError("DIGEST_INVALID", { message: "the query asks for several digests" });
  }
  const from = query.get("from") ?? "";
  const size =
    (await fromRepository(deps, { repository, digest }, from)) ??
    (await fromBucket(deps, { repository, digest }, from));
  return size === null ? null : { digest, size };
}

type Asked = Pick<MountRequest, "repository" | "digest">;

/** @param name empty for any. A name that no repository can have names one that holds nothing. */
async function fromRepository(
  { registry, rights }: MountDeps,
  asked: Asked,
  name: string,
): Promise<number | null> {
  const from = readRepositoryName(name);
  if (from === null && name !== "") return null;
  return mountBlob(registry, { ...asked, from, mayPull: (source) => rights.mayPull(source) });
}

async function fromBucket(
  { registry, rights }: MountDeps,
  asked: Asked,
  name: string,
): Promise<number | null> {
  const from = readBucketName(name);
  if (from === null && name !== "") return null;
  return mountObject(registry, {
    ...asked,
    from,
    mayRead: (bucket) => rights.mayRead(bucket, null),
  });
}
