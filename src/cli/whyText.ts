// The output of `breadbox why`: facts in, text out.

import { counted, showAge, showBytes, showTime } from "../amounts.ts";
import type { PrintedExplanation } from "../fsck/whyPrinted.ts";
import { plainName } from "../plainText.ts";

/** The uses of a digest, or since when there are none. */
export function whyText(explanation: PrintedExplanation): string {
  return [
    heading(explanation),
    ...keeperLines(explanation),
    ...leaseLines(explanation),
    ...pushLines(explanation),
    ...garbageLines(explanation),
    ...linkLines(explanation),
  ].join("\n");
}

function heading(explanation: PrintedExplanation): string {
  const { digest, content, is_manifest: isManifest } = explanation;
  if (content === null) {
    return isManifest
      ? `${digest} is a manifest.`
      : `${digest} is not stored here; ${namersOf(explanation)} name it.`;
  }
  const damage = content.damaged_at === null ? "" : "; its bytes are damaged";
  const kind = isManifest ? "a manifest, and a blob as well:" : "a blob:";
  return `${digest} is ${kind} ${showBytes(content.size)}, stored ${shown(content.created_at)}${damage}.`;
}

/** An object whose content is lost is damage; the command lists it all the same. */
function namersOf({ kept_by: chains, objects }: PrintedExplanation): string {
  const some = [
    ...(chains.length > 0 ? ["manifests"] : []),
    ...(objects.length > 0 ? ["objects"] : []),
  ];
  return some.join(" and ");
}

function keeperLines(explanation: PrintedExplanation): string[] {
  const { kept_by: chains, content, is_manifest: isManifest } = explanation;
  const lines = [
    ...chains.map((chain) => chainText(chain, explanation)),
    ...(explanation.more_kept_by ? ["… and others"] : []),
    ...objectLines(explanation),
  ];
  if (lines.length === 0) return [];
  const verb = content === null && !isManifest ? "Named by:" : "Kept by:";
  return [verb, ...lines.map((line) => `  ${line}`)];
}

function objectLines({ objects, other_objects: others }: PrintedExplanation): string[] {
  const lines = objects.map((object) => `object ${plainName(object)}`);
  return others > 0 ? [...lines, `… and ${counted(others, "other object")}`] : lines;
}

/** `tag team/app:v1 → index sha256:… → manifest sha256:… → blob`. */
function chainText(
  { repository, tags, more_tags: moreTags, manifests }: PrintedExplanation["kept_by"][number],
  { is_manifest: isManifest, content }: PrintedExplanation,
): string {
  const names = tags.map((name) => `${repository}:${name}`).join(", ");
  const top =
    tags.length === 0
      ? `untagged in ${repository} (kept for clients that pull it by digest; breadbox gc --untagged TIME or gc.untagged.enabled deletes it)`
      : `tag ${names}${moreTags ? ", …" : ""}`;
  const steps = manifests.map(({ digest, media_type: mediaType, subject }, position) => {
    const isReferrer = subject !== null && manifests[position - 1]?.digest === subject;
    return `${isReferrer ? "referrer" : kindOf(mediaType)} ${digest}`;
  });
  // Missing content may be either: the last step names it.
  const end = isManifest || content === null ? [] : ["blob"];
  return [top, ...steps, ...end].join(" → ");
}

const kindOf = (mediaType: string): string =>
  /(?:index|manifest\.list)/.test(mediaType) ? "index" : "manifest";

function leaseLines({ leased_until: until, at }: PrintedExplanation): string[] {
  if (until === null) return [];
  return [
    `Kept until ${shown(until)} (for another ${between(at, until)}), because it was pushed, mounted or requested.`,
  ];
}

function pushLines({ push }: PrintedExplanation): string[] {
  if (push === null) return [];
  const { repository, since, until } = push;
  return [
    `Kept because a push into ${repository} is running (since ${shown(since)}), until ${shown(until)} at the latest.`,
  ];
}

function garbageLines({ garbage, at }: PrintedExplanation): string[] {
  if (garbage === null) return [];
  const { since, deletable_from: from } = garbage;
  const when =
    Date.parse(from) > Date.parse(at)
      ? `a garbage collection deletes it from ${shown(from)} on (in ${between(at, from)})`
      : "the next garbage collection deletes it";
  return [`Nothing has kept it since ${shown(since)}: ${when}.`];
}

function linkLines({ links, more_links: moreLinks, content }: PrintedExplanation): string[] {
  if (content === null) return [];
  if (links.length === 0) return ["No repository links to it."];
  return [`Linked by ${links.join(", ")}${moreLinks ? ", …" : ""}.`];
}

const shown = (time: string): string => showTime(Date.parse(time));
const between = (from: string, to: string): string => showAge(Date.parse(to) - Date.parse(from));
