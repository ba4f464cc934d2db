// Which tags stay where they are: `v*` locks tags of every repository, `prod/**:v*` those of some. Pure.
import { RegistryError } from "../errors.ts";
import { globOf } from "../model/glob.ts";
import type { Immutability, RepositoryName, Tag } from "../model/names.ts";

/**
 * Reads patterns: a glob for tags, or one for repositories, a colon and one for tags. `?` is any one character, `*` any
 * number of them up to the next slash, `**` any number of them.
 */
export function makeImmutability(patterns: readonly string[]): Immutability {
  const locks = patterns.map((pattern) => {
    const colon = pattern.indexOf(":");
    return {
      pattern,
      repositories: colon === -1 ? null : globOf(pattern.slice(0, colon)),
      tags: globOf(pattern.slice(colon + 1)),
    };
  });
  return (repository, tag) => {
    const lock = locks.find(
      ({ repositories, tags }) => tags.test(tag) && (repositories?.test(repository) ?? true),
    );
    return lock?.pattern ?? null;
  };
}

/** Names no pattern of the setting: none begins with a space. */
const notAllowed = " ";

/** For callers who may create tags and move none. */
export function withoutMoves(immutable: Immutability): Immutability {
  return (repository, tag) => immutable(repository, tag) ?? notAllowed;
}

/** The refusal of what would take a locked tag away or move it. */
export function lockedTag(
  repository: RepositoryName,
  { tag, pattern }: { readonly tag: Tag; readonly pattern: string },
): RegistryError {
  if (pattern === notAllowed) {
    return new RegistryError("DENIED", {
      message: `${repository}:${tag} exists: moving it needs the right to overwrite`,
    });
  }
  return new RegistryError("TAG_IMMUTABLE", {
    message: `${repository}:${tag} is immutable: the pattern ${pattern} of registry.immutableTags locks it`,
    detail: { tag, pattern },
  });
}
