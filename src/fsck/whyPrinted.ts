// What keeps content, as programs and people are told: the answer of the API and of `--json`, and refusals in words.
import { isoTime, showTime, timeOrNull } from "../amounts.ts";
import { RegistryError } from "../errors.ts";
import type { Explanation, WhyAnswer } from "./why.ts";

/** Times in ISO 8601, sizes in bytes. */
export function printExplanation({ digest, isManifest, content, ...facts }: Explanation) {
  const { chains, objects, leasedUntil, push, garbage } = facts;
  return {
    digest,
    is_manifest: isManifest,
    content: content && {
      size: content.size,
      created_at: isoTime(content.createdAt),
      damaged_at: timeOrNull(content.damagedAt),
    },
    kept_by: chains.map(({ repository, tags, moreTags, manifests }) => ({
      ...{ repository, tags, more_tags: moreTags },
      manifests: manifests.map((each) => ({
        ...{ digest: each.digest, media_type: each.mediaType, subject: each.subject },
      })),
    })),
    more_kept_by: facts.moreChains,
    ...{ objects: objects.some, other_objects: objects.others },
    ...{ links: facts.links, more_links: facts.moreLinks },
    leased_until: timeOrNull(leasedUntil),
    push: push && {
      ...{ repository: push.repository, since: isoTime(push.since), until: isoTime(push.until) },
    },
    garbage: garbage && {
      since: isoTime(garbage.since),
      deletable_from: isoTime(garbage.deletableFrom),
    },
    at: isoTime(facts.now),
  };
}

export type PrintedExplanation = ReturnType<typeof printExplanation>;

/**
 * The answer to `name`, printed.
 * @throws RegistryError CONTENT_UNKNOWN; REQUEST_INVALID for a name that says nothing, or more than one thing.
 */
export function printAnswer(name: string, answer: WhyAnswer): PrintedExplanation {
  switch (answer.kind) {
    case "explained":
      return printExplanation(answer.explanation);
    case "unknown":
      throw unknown(
        [
          `Nothing here has the digest ${JSON.stringify(name)}, and neither a manifest nor an object names it.`,
          "If it was pushed here, it was deleted: the server's log has a line for each deletion.",
          "The blobs of a deleted manifest are deleted by the next garbage collection, unless something else uses them (breadbox gc --dry-run).",
        ].join("\n"),
      );
    case "untagged":
      throw unknown(unknownTagText(answer));
    case "ambiguous":
      throw invalid(
        [`More than one digest begins with ${JSON.stringify(name)}:`, ...answer.digests].join(
          "\n  ",
        ),
      );
    default:
      throw invalid(malformed(name));
  }
}

/** The refusal of a name that is neither an image nor a digest. */
export const malformed = (name: string): string =>
  `${JSON.stringify(name)} is neither an image nor a digest: write REPO:TAG, REPO@sha256:<64 hexadecimal digits>, or the first 8 or more digits of a digest.`;

const unknown = (message: string) => new RegistryError("CONTENT_UNKNOWN", { message });
const invalid = (message: string) => new RegistryError("REQUEST_INVALID", { message });

/** An unknown tag, with the other tags of its repository. */
export function unknownTagText({
  repository,
  tag,
  held,
}: Extract<WhyAnswer, { readonly kind: "untagged" }>): string {
  if (held === null) {
    return `There is no tag ${repository}:${tag}: ${repository} holds no manifest. Garbage collection deletes the blobs pushed to it, unless something else uses them.`;
  }
  const { tags, untagged } = held;
  const names =
    tags.some.length === 0 ? "none" : `${tags.some.join(", ")}${tags.more ? ", …" : ""}`;
  return [
    `There is no tag ${repository}:${tag}. Tags of ${repository}: ${names}.`,
    ...(untagged.some.length === 0
      ? []
      : [
          `${repository} holds manifests without a tag, which keep their blobs; one of them may be what the tag named:`,
          ...untagged.some.map(
            ({ digest, pushedAt }) => `  ${digest}  pushed ${showTime(pushedAt)}`,
          ),
          ...(untagged.more ? ["  … and others"] : []),
          "breadbox gc --untagged TIME deletes those that were pushed more than TIME ago; gc.untagged.enabled does in every run.",
        ]),
  ].join("\n");
}
