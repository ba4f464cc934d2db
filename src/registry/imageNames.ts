// Images as people write them for docker and skopeo. Apart from the grammars of the API, which knows no host and no default.
import {
  type Reference,
  type RepositoryName,
  readReference,
  readRepositoryName,
} from "../model/names.ts";

/** An image of this registry. */
export interface ImageName {
  readonly repository: RepositoryName;
  readonly reference: Reference;
}

/** `docker://` and a host with a port, or with a dot, as they are pasted from the command that pushed the image. */
const origin = /^(?:[a-z-]+:\/\/)?(?:(?:localhost|\[[0-9a-f:.]+\]|[^/:@]+)(?::\d+)\/)?/i;
const image = /^(.+?)(?:@(.+)|:([^:/]+))$/;

/** Reads `REPO:TAG` and `REPO@DIGEST`, with or without the registry's address. @returns null when `text` is neither. */
export function readImage(text: string): ImageName | null {
  const [, name = "", digest, tag] = image.exec(text.replace(origin, "")) ?? [];
  const repository = readRepositoryName(name);
  const reference = readReference(digest ?? tag ?? "");
  if (repository === null || reference === null) return null;
  if ("tag" in reference === (tag === undefined)) return null;
  return { repository, reference };
}
