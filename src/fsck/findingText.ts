// Each finding of fsck as one line: the fault, and what it means for pulls and pushes.

import { counted, showBytes } from "../amounts.ts";
import { plainName } from "../plainText.ts";
import type { Finding, RepairKind } from "./findings.ts";

type Tags = readonly { readonly repository: string; readonly name: string }[];

/** Tags that are named in a line. */
const named = 3;

/** The finding as a sentence or two. */
export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case "contentMissing":
    case "contentSizeDiffers":
    case "contentHashDiffers":
    case "contentWaits":
    case "contentInPlace":
      return describeContent(finding);
    case "manifestDamaged":
    case "manifestUnread":
    case "derivedDiffers":
    case "incomplete":
    case "entryMissing":
      return describeManifest(finding);
    case "sessionShort":
    case "sessionWithoutBytes":
    case "stagedWithoutSession":
      return describeSession(finding);
    case "objectSizeDiffers":
    case "bucketMiscounted":
    case "objectsLost":
    case "partLost":
      return describeObject(finding);
    default:
      return describeOther(finding);
  }
}

type ContentFinding = Extract<Finding, { readonly content: { readonly size: number } }>;

function describeContent(finding: ContentFinding): string {
  const { digest, size } = finding.content;
  const meaning = whoMisses(finding);
  switch (finding.kind) {
    case "contentMissing":
      return `${digest} (${showBytes(size)}): the file is missing. ${meaning}`;
    case "contentSizeDiffers":
      return finding.found === null
        ? `${digest}: something that is not a file is in its place. ${meaning}`
        : `${digest}: the file has ${finding.found} bytes, not ${size}. ${meaning}`;
    case "contentHashDiffers":
      return `${digest} (${showBytes(size)}): the bytes are damaged; their digest is ${finding.found}. ${meaning}`;
    case "contentWaits":
      return `${digest} (${showBytes(size)}): known to be damaged, waiting for a push. ${meaning}`;
    case "contentInPlace":
      return `${digest} (${showBytes(size)}): marked as damaged, but its file is there. ${meaning}`;
    default:
      return finding satisfies never;
  }
}

function whoMisses({ holders }: ContentFinding): string {
  const { tags, repositories, objects, more } = holders;
  const meanings = [
    ...(tags.length > 0 ? [`Pulls fail: ${listTags(tags, more)}.`] : []),
    ...(objects.some.length > 0 ? [`Objects to be put again: ${listObjects(objects)}.`] : []),
  ];
  if (meanings.length > 0) return meanings.join(" ");
  const [first, ...others] = repositories;
  if (first === undefined) return "Nothing refers to it.";
  const rest = others.length > 0 || more ? ` and ${others.length}${more ? "+" : ""} more` : "";
  return `No tag needs it; it belongs to ${first}${rest}.`;
}

function listTags(tags: Tags, more: boolean): string {
  const names = tags.slice(0, named).map(({ repository, name }) => `${repository}:${name}`);
  const rest = tags.length - names.length;
  if (rest === 0 && !more) return names.join(", ");
  return `${names.join(", ")} and ${rest}${more ? "+" : ""} more`;
}

function listObjects({ some, others }: ContentFinding["holders"]["objects"]): string {
  const names = some.slice(0, named).map(plainName);
  const rest = some.length - names.length + others;
  return rest === 0 ? names.join(", ") : `${names.join(", ")} and ${rest} more`;
}

type ManifestFinding = Extract<Finding, { readonly manifest: object }>;

function describeManifest(finding: ManifestFinding): string {
  const { repository, digest } = finding.manifest;
  const name = `manifest ${repository}@${digest}`;
  switch (finding.kind) {
    case "manifestDamaged":
      return `${name}: its bytes are damaged${tagged(finding.tags)}. Pushing it again repairs it; a backup would, too.`;
    case "manifestUnread":
      return `${name}: its bytes are right, but this version cannot read them: ${finding.reason}`;
    case "derivedDiffers":
      return `${name}: ${differences(finding.what)} from what it says${tagged(finding.tags)}.`;
    case "incomplete":
      return `${name} needs ${finding.missing}, which ${repository} does not hold${tagged(finding.tags)}. Pulls of it fail until it is pushed again.`;
    case "entryMissing":
      return `${name} lists ${finding.missing}, which ${repository} does not hold${tagged(finding.tags)}. Other entries can be pulled.`;
    default:
      return finding satisfies never;
  }
}

function differences(what: Extract<Finding, { readonly kind: "derivedDiffers" }>["what"]): string {
  const isOne = what.length === 1 && what[0] === "subject";
  return `${what.join(" and ")} ${isOne ? "differs" : "differ"}`;
}

const tagged = (tags: Tags): string => (tags.length === 0 ? "" : ` (${listTags(tags, false)})`);

type SessionFinding = Extract<
  Finding,
  { readonly kind: "sessionShort" | "sessionWithoutBytes" | "stagedWithoutSession" }
>;

function describeSession(finding: SessionFinding): string {
  switch (finding.kind) {
    case "sessionShort": {
      const { id, repository, offset } = finding.session;
      return `upload ${id} of ${repository}: not all of its ${counted(offset, "acknowledged byte")} are there. Its client has to start again.`;
    }
    case "sessionWithoutBytes":
      return `upload ${finding.session.id} of ${finding.session.repository}: nothing is staged yet.`;
    case "stagedWithoutSession":
      return `staged bytes of ${finding.id} belong to no upload: the server's cleanup removes them.`;
    default:
      return finding satisfies never;
  }
}

type ObjectFinding = Extract<
  Finding,
  { readonly kind: "objectSizeDiffers" | "bucketMiscounted" | "objectsLost" | "partLost" }
>;

function describeObject(finding: ObjectFinding): string {
  switch (finding.kind) {
    case "objectSizeDiffers":
      return `object ${plainName(finding.object)}: its row says ${counted(finding.size, "byte")}, its content has ${finding.contentSize}.`;
    case "bucketMiscounted":
    case "objectsLost": {
      const { bucket, noted, counted: found } = finding;
      const held = `bucket ${bucket}: it is said to hold ${counted(noted.objects, "object")} (${counted(noted.bytes, "byte")}), it holds ${found.objects} (${counted(found.bytes, "byte")}).`;
      if (finding.kind === "bucketMiscounted") return held;
      return `${held} Objects are lost; their content may still be stored, so no garbage is collected.`;
    }
    case "partLost": {
      const { upload, object, number, size } = finding.part;
      const fault =
        finding.fault === "missing"
          ? "is missing"
          : `is ${finding.fault} than its ${counted(size, "acknowledged byte")}`;
      return `upload ${upload} of ${plainName(object)}: part ${number} ${fault}. The upload cannot be completed with it.`;
    }
    default:
      return finding satisfies never;
  }
}

type OtherFinding = Exclude<
  Finding,
  ContentFinding | ManifestFinding | SessionFinding | ObjectFinding
>;

function describeOther(finding: OtherFinding): string {
  switch (finding.kind) {
    case "databaseDamaged":
      return `the database is damaged: ${finding.fault}. Restore it from a backup.`;
    case "danglingRow":
      return `a row of ${finding.row.table} (${finding.row.row}) names something that is missing in ${finding.row.lacking}. Pushing or putting it again repairs it; a backup would, too.`;
    case "trashInUse":
      return `${finding.content.digest} is in use and on the list of what will be deleted.`;
    case "strayOld":
      return `the file blobs/${finding.stray.locator} (${showBytes(finding.stray.size)}) belongs to no row: "breadbox gc" removes it.`;
    case "strayYoung":
      return `the file blobs/${finding.stray.locator} (${showBytes(finding.stray.size)}) belongs to no row yet: its push is running, or was cut off. Garbage collection removes it later.`;
    case "setAside":
      return `damaged/${finding.locator} was set aside; it can be deleted once it was pushed again or is not needed.`;
    case "unknownName":
      return `${finding.name} is not a file of Breadbox.`;
    case "placeWarning":
      return finding.sentence;
    case "unchecked":
      return `${finding.what}: ${finding.reason}`;
    default:
      return finding satisfies never;
  }
}

/** The action of `--repair`, after its name. */
export function repairText(repair: RepairKind): string {
  switch (repair) {
    case "setAside":
      return "moves it to damaged/, so that the next push restores it";
    case "mark":
      return "marks it, so that the next push restores it";
    case "decide":
      return "reads it: right bytes are served again, wrong ones are moved to damaged/";
    case "derive":
      return "rebuilds these rows from the manifest";
    case "endSession":
      return "ends the upload";
    case "keep":
      return "takes it off that list";
    case "refit":
      return "takes the size of its content";
    case "recount":
      return "recounts it";
    case "forgetLost":
      return `leaves it; restore a backup, or put the objects again. --repair --forget-lost-objects gives the others up: the bucket is recounted, and content that may belong to them is deleted after 30 days`;
    case "forgetPart":
      return "forgets this part, so that its client sends it again; the others stay";
    default:
      return repair satisfies never;
  }
}
