// The findings of an inspection, as facts. Their severity is decided here; their text with the command.

import type { ContentKey, DanglingRow, Holders, InspectedContent } from "../metadata/inspection.ts";
import type { MiscountedBucket, MisfitObject, PartKey } from "../metadata/inspectionObjects.ts";
import type { ManifestKey } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { ObjectKey } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { PartFault } from "../storage/repair.ts";

/** Content that is not what its row says. */
export type ContentFault =
  | { readonly kind: "contentMissing" }
  /** `found` in bytes; null for what is no file. */
  | { readonly kind: "contentSizeDiffers"; readonly found: number | null }
  | { readonly kind: "contentHashDiffers"; readonly found: Digest }
  /** Known to be damaged, and set aside: the next push heals it. */
  | { readonly kind: "contentWaits" }
  /** Known to be damaged, and still in its place. */
  | { readonly kind: "contentInPlace" };

/** The verdict on a stored file without reading it. @param file as the storage reports it: a negative size is no file. */
export function faultOfFile(
  file: { readonly size: number } | null,
  { size }: Pick<InspectedContent, "size">,
): ContentFault | null {
  if (file === null) return { kind: "contentMissing" };
  if (file.size === size) return null;
  return { kind: "contentSizeDiffers", found: file.size < 0 ? null : file.size };
}

/** One fact. Everything but the `notice` kinds is a problem. */
export type Finding =
  | (ContentFault & { readonly content: InspectedContent; readonly holders: Holders })
  /** Pages or indexes of the database contradict each other. */
  | { readonly kind: "databaseDamaged"; readonly fault: string }
  | { readonly kind: "danglingRow"; readonly row: DanglingRow }
  /** The bytes of a manifest have another digest than its row. */
  | {
      readonly kind: "manifestDamaged";
      readonly manifest: ManifestKey;
      readonly found: Digest;
      readonly tags: Holders["tags"];
    }
  /** Rows that are derived from a manifest do not say what the manifest says. */
  | {
      readonly kind: "derivedDiffers";
      readonly manifest: ManifestKey;
      readonly what: readonly ("references" | "subject" | "referrers")[];
      readonly tags: Holders["tags"];
    }
  /** A manifest needs content that its repository does not hold. */
  | {
      readonly kind: "incomplete";
      readonly manifest: ManifestKey;
      readonly missing: Digest;
      readonly tags: Holders["tags"];
    }
  /** Fewer bytes are staged than were acknowledged. */
  | {
      readonly kind: "sessionShort";
      readonly session: FoundSession;
    }
  | ({ readonly kind: "objectSizeDiffers" } & MisfitObject)
  | ({ readonly kind: "bucketMiscounted" } & MiscountedBucket)
  /** A bucket counted more than there is: rows of objects are lost, and nothing else says that their content is needed. */
  | ({ readonly kind: "objectsLost" } & MiscountedBucket)
  /** A part of an upload differs from its acknowledged etag: the upload cannot be completed with it. */
  | { readonly kind: "partLost"; readonly part: FoundPart; readonly fault: PartFault }
  /** A stored name that a row needs is on the list of those on their way out. */
  | { readonly kind: "trashInUse"; readonly content: ContentKey }
  /** A file that no row names, and that should have been collected. */
  | { readonly kind: "strayOld"; readonly stray: Stray }
  /** Something could not be looked at: nothing is known of it. */
  | { readonly kind: "unchecked"; readonly what: string; readonly reason: string }
  | Notice;

/** Worth a line, and no problem. */
export type Notice =
  /** A file that no row names yet, or no longer: a push that is running, or one that was cut short. */
  | { readonly kind: "strayYoung"; readonly stray: Stray }
  /** An entry of an index that its repository does not hold: others may have been removed on purpose. */
  | {
      readonly kind: "entryMissing";
      readonly manifest: ManifestKey;
      readonly missing: Digest;
      readonly tags: Holders["tags"];
    }
  /** Bytes that this version cannot read as a manifest, though they are the ones that were pushed. */
  | { readonly kind: "manifestUnread"; readonly manifest: ManifestKey; readonly reason: string }
  | { readonly kind: "stagedWithoutSession"; readonly id: UploadId }
  | { readonly kind: "sessionWithoutBytes"; readonly session: FoundSession }
  | { readonly kind: "setAside"; readonly locator: Locator; readonly digest: Digest | null }
  | { readonly kind: "unknownName"; readonly name: string }
  /** A setting of the bucket, say, that ends content which rows need. */
  | { readonly kind: "placeWarning"; readonly sentence: string };

/** An open session, with its acknowledged offset. */
export interface FoundSession {
  readonly id: UploadId;
  readonly repository: string;
  /** Bytes. */
  readonly offset: number;
}

/** A part of an open upload, with its acknowledged etag. */
export interface FoundPart extends PartKey {
  readonly object: ObjectKey;
  /** Bytes. */
  readonly size: number;
}

/** A stored name without a row. */
export interface Stray {
  readonly locator: Locator;
  /** Null where its name does not tell. */
  readonly digest: Digest | null;
  /** Bytes. */
  readonly size: number;
  /** Unix ms. */
  readonly publishedAt: number;
}

/** How much a finding matters. `unchecked` stops every repair. */
export type Severity = "problem" | "unchecked" | "notice";

const notices: ReadonlySet<Finding["kind"]> = new Set<Notice["kind"]>([
  "strayYoung",
  "entryMissing",
  "manifestUnread",
  "stagedWithoutSession",
  "sessionWithoutBytes",
  "setAside",
  "unknownName",
  "placeWarning",
]);

/** The severity of a finding. Damaged content that no repository and no object uses is no problem. */
export function severityOf(finding: Finding): Severity {
  if (finding.kind === "unchecked") return "unchecked";
  if (notices.has(finding.kind)) return "notice";
  if (finding.kind === "contentWaits") {
    const { repositories, tags, objects } = finding.holders;
    return repositories.length + tags.length + objects.some.length === 0 ? "notice" : "problem";
  }
  return "problem";
}

/** The action of `--repair` for a finding. */
export type RepairKind =
  /** Its row is marked, and it is moved aside: the next push of it stores it anew. */
  | "setAside"
  /** Its row is marked: the next push of it stores it anew. */
  | "mark"
  /** It is read: right bytes are served again, wrong ones are moved aside. */
  | "decide"
  /** The rows are made again from the manifest's bytes; no reference is lost. */
  | "derive"
  /** The session ends: its client starts again. */
  | "endSession"
  /** Its deletion is called off. */
  | "keep"
  /** The row of an object says what its content's row says. */
  | "refit"
  /** A bucket is counted anew. */
  | "recount"
  /** Only if it is wanted: a bucket forgets objects whose rows are lost, and content that may be theirs is kept for a while. */
  | "forgetLost"
  /** Removes the part from its upload: the client sends it again. */
  | "forgetPart";

const repairs: ReadonlyMap<Finding["kind"], RepairKind> = new Map<Finding["kind"], RepairKind>([
  ["contentMissing", "mark"],
  ["contentSizeDiffers", "setAside"],
  ["contentHashDiffers", "setAside"],
  ["contentInPlace", "decide"],
  ["derivedDiffers", "derive"],
  ["sessionShort", "endSession"],
  ["trashInUse", "keep"],
  ["objectSizeDiffers", "refit"],
  ["bucketMiscounted", "recount"],
  ["objectsLost", "forgetLost"],
  ["partLost", "forgetPart"],
]);

/** @returns null for what no program should decide, and for what repairs itself. */
export function repairOf({ kind }: Finding): RepairKind | null {
  return repairs.get(kind) ?? null;
}
