// The output of `breadbox why`: facts in, text out.

import { counted, showAge, showBytes, showTime, timeOrNull } from "../amounts.ts";
import type { Chain, Explanation, WhyAnswer } from "../fsck/why.ts";
import { plainName } from "../plainText.ts";

/** The uses of a digest, or since when there are none. */
export function whyText(explanation: Explanation): string {
  return [
    heading(explanation),
    ...keeperLines(explanation),
    ...leaseLines(explanation),
    ...pushLines(explanation),
    ...garbageLines(explanation),
    ...linkLines(explanation),
  ].join("\n");
}

function heading(explanation: Explanation): string {
  const { digest, content, isManifest } = explanation;
  if (content === null) {
    return isManifest
      ? `${digest} is a manifest.`
      : `${digest} is not stored here; ${namersOf(explanation)} name it.`;
  }
  const damage = content.damagedAt === null ? "" : "; its bytes are damaged";
  const kind = isManifest ? "a manifest, and a blob as well:" : "a blob:";
  return `${digest} is ${kind} ${showBytes(content.size)}, stored ${showTime(content.createdAt)}${damage}.`;
}

/** An object whose content is lost is damage; the command lists it all the same. */
function namersOf({ chains, objects }: Explanation): string {
  const some = [
    ...(chains.length > 0 ? ["manifests"] : []),
    ...(objects.some.length > 0 ? ["objects"] : []),
  ];
  return some.join(" and ");
}

function keeperLines(explanation: Explanation): string[] {
  const { chains, moreChains, content, isManifest } = explanation;
  const lines = [
    ...chains.map((chain) => chainText(chain, explanation)),
    ...(moreChains ? ["… and others"] : []),
    ...objectLines(explanation.objects),
  ];
  if (lines.length === 0) return [];
  const verb = content === null && !isManifest ? "Named by:" : "Kept by:";
  return [verb, ...lines.map((line) => `  ${line}`)];
}

function objectLines({ some, others }: Explanation["objects"]): string[] {
  const lines = some.map((object) => `object ${plainName(object)}`);
  return others > 0 ? [...lines, `… and ${counted(others, "other object")}`] : lines;
}

/** `tag team/app:v1 → index sha256:… → manifest sha256:… → blob`. */
function chainText(
  { repository, tags, moreTags, manifests }: Chain,
  { isManifest, content }: Explanation,
): string {
  const names = tags.map((name) => `${repository}:${name}`).join(", ");
  const top =
    tags.length === 0
      ? `untagged in ${repository} (kept for clients that pull it by digest; breadbox gc --untagged TIME or gc.untagged.enabled deletes it)`
      : `tag ${names}${moreTags ? ", …" : ""}`;
  const steps = manifests.map(({ digest, mediaType, subject }, position) => {
    const isReferrer = subject !== null && manifests[position - 1]?.digest === subject;
    return `${isReferrer ? "referrer" : kindOf(mediaType)} ${digest}`;
  });
  // Missing content may be either: the last step names it.
  const end = isManifest || content === null ? [] : ["blob"];
  return [top, ...steps, ...end].join(" → ");
}

const kindOf = (mediaType: string): string =>
  /(?:index|manifest\.list)/.test(mediaType) ? "index" : "manifest";

function leaseLines({ leasedUntil, now }: Explanation): string[] {
  if (leasedUntil === null) return [];
  return [
    `Kept until ${showTime(leasedUntil)} (for another ${showAge(leasedUntil - now)}), because it was pushed, mounted or requested.`,
  ];
}

function pushLines({ push }: Explanation): string[] {
  if (push === null) return [];
  const { repository, since, until } = push;
  return [
    `Kept because a push into ${repository} is running (since ${showTime(since)}), until ${showTime(until)} at the latest.`,
  ];
}

function garbageLines({ garbage, now }: Explanation): string[] {
  if (garbage === null) return [];
  const { since, deletableFrom } = garbage;
  const when =
    deletableFrom > now
      ? `a garbage collection deletes it from ${showTime(deletableFrom)} on (in ${showAge(deletableFrom - now)})`
      : "the next garbage collection deletes it";
  return [`Nothing has kept it since ${showTime(since)}: ${when}.`];
}

function linkLines({ links, moreLinks, content }: Explanation): string[] {
  if (content === null) return [];
  if (links.length === 0) return ["No repository links to it."];
  return [`Linked by ${links.join(", ")}${moreLinks ? ", …" : ""}.`];
}

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

/** The same for programs. */
export function whyJson(explanation: Explanation): unknown {
  const { digest, isManifest, content, chains, objects, links } = explanation;
  const { leasedUntil, push, garbage } = explanation;
  return {
    digest,
    isManifest,
    content: content && {
      size: content.size,
      createdAt: timeOrNull(content.createdAt),
      damagedAt: timeOrNull(content.damagedAt),
    },
    keptBy: chains.map(({ repository, tags, manifests }) => ({
      repository,
      tags,
      manifests: manifests.map((each) => ({ digest: each.digest, mediaType: each.mediaType })),
    })),
    objects: objects.some,
    otherObjects: objects.others,
    links,
    leasedUntil: timeOrNull(leasedUntil),
    push: push && {
      repository: push.repository,
      since: timeOrNull(push.since),
      until: timeOrNull(push.until),
    },
    garbage: garbage && {
      since: timeOrNull(garbage.since),
      deletableFrom: timeOrNull(garbage.deletableFrom),
    },
  };
}
