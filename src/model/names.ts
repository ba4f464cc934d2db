// Grammars of the registry: repository names, tags, references (OCI distribution-spec, "Pulling manifests").

import { RegistryError } from "../errors.ts";
import { type Digest, readDigest } from "./digest.ts";

/** `a/b/c`: 1 to 255 bytes, lower case. Only `parseRepositoryName` makes one. */
export type RepositoryName = string & { readonly __brand: "RepositoryName" };
/** 1 to 128 characters. Only `parseTag` and `parseReference` make one. */
export type Tag = string & { readonly __brand: "Tag" };
/** A manifest's tag or digest in a request. */
export type Reference = { readonly tag: Tag } | { readonly digest: Digest };

/** @returns the pattern that locks `tag` in `repository`: it may neither move nor go; null when it is free. */
export type Immutability = (repository: RepositoryName, tag: Tag) => string | null;

const repositoryGrammar =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const longestRepositoryName = 255;

/** @returns the name, or null when `text` is not one. */
export function readRepositoryName(text: string): RepositoryName | null {
  if (text.length > longestRepositoryName) return null;
  return repositoryGrammar.test(text) ? (text as RepositoryName) : null;
}

/** @throws RegistryError NAME_INVALID when `text` is not a repository name. */
export function parseRepositoryName(text: string): RepositoryName {
  const name = readRepositoryName(text);
  if (name === null) {
    throw new RegistryError("NAME_INVALID", {
      message:
        "invalid repository name: lower-case letters and digits, separated by '.', '_', '-' or '/', at most 255 characters",
    });
  }
  return name;
}

/** @returns the tag, or null when `text` is not one. */
export function readTag(text: string): Tag | null {
  return tagGrammar.test(text) ? (text as Tag) : null;
}

/** @throws RegistryError MANIFEST_INVALID when `text` is not a tag. */
export function parseTag(text: string): Tag {
  const tag = readTag(text);
  if (tag !== null) return tag;
  throw new RegistryError("MANIFEST_INVALID", {
    message:
      "invalid tag: 1 to 128 letters, digits, '_', '.' or '-', and neither '.' nor '-' at the start",
  });
}

/** @returns a digest or a tag; null when `text` is neither (a text with a colon can only be a digest). */
export function readReference(text: string): Reference | null {
  const digest = readDigest(text);
  if (digest !== null) return { digest };
  const tag = readTag(text);
  return tag === null ? null : { tag };
}
