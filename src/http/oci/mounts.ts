// `?mount=` of a new upload (distribution-spec, "Mounting a blob from another repository"). What cannot be mounted is uploaded.
import { type Digest, parseDigest } from "../../content/digest.ts";
import { RegistryError } from "../../errors.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import { mountBlob } from "../../registry/mounts.ts";
import { type RepositoryName, readRepositoryName } from "../../registry/names.ts";
import type { Rights } from "../guard.ts";

/** What a mount works with. */
export interface MountDeps {
  readonly registry: RegistryDeps;
  readonly rights: Pick<Rights, "mayPull">;
}

/**
 * Mounts what the query asks for. @returns its digest; null when nothing was asked for or could be mounted.
 * @throws RegistryError DIGEST_INVALID for a malformed digest, or one that differs from `digest` in the same query.
 */
export async function mountAsked(
  { registry, rights }: MountDeps,
  repository: RepositoryName,
  query: URLSearchParams,
): Promise<Digest | null> {
  const [text, ...others] = query.getAll("mount");
  if (text === undefined) return null;
  const digest = parseDigest(text);
  const uploaded = query.get("digest");
  if (others.length > 0 || (uploaded !== null && uploaded !== digest)) {
    throw new RegistryError("DIGEST_INVALID", { message: "the query asks for several digests" });
  }
  const named = query.get("from") ?? "";
  const from = named === "" ? null : readRepositoryName(named);
  // A name that no repository can have names one that holds nothing.
  if (named !== "" && from === null) return null;
  const mayPull = (name: RepositoryName) => rights.mayPull(name);
  const mounted = await mountBlob(registry, { repository, digest, from, mayPull });
  return mounted ? digest : null;
}
