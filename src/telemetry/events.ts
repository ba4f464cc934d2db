// The two lines an operator reads: who pushed and who pulled what.
import type { AuditEntry } from "../metadata/audit.ts";
import { type Caller, callerFields } from "./caller.ts";
import type { Log } from "./log.ts";

/** A manifest that was pushed or pulled. Sizes in bytes. */
export interface ManifestEvent extends Caller {
  readonly repository: string;
  /** Tag or digest, as the client named it. */
  readonly reference: string;
  readonly digest: string;
  /** Of the manifest itself. */
  readonly size: number;
}

/** The other fields of a push. */
export interface PushEvent extends ManifestEvent {
  /** Declared bytes of everything the manifest refers to. */
  readonly contentSize: number;
  /** How many different digests it refers to. */
  readonly references: number;
  /** True when those are manifests: an index was pushed. */
  readonly ofManifests: boolean;
}

/** A deletion from a repository. */
export interface DeletionEvent extends Omit<ManifestEvent, "size"> {
  readonly kind: "tag" | "manifest" | "blob";
  /** Tags that went with it. */
  readonly tags: number;
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Bytes for people, in powers of 1000: `3.6 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}

const shortDigest = 19;

function named({ repository, reference, digest }: Omit<ManifestEvent, "size">): string {
  const short = digest.slice(0, shortDigest);
  return reference === digest ? `${repository}@${short}` : `${repository}:${reference} ${short}`;
}

/** `push lab/alpine:3.22 sha256:4bcff63911fc 3.6 MB, 2 blobs` */
export function logPush(log: Log, event: PushEvent): void {
  if (!log.isLevelEnabled("info")) return;
  const { contentSize, references, ofManifests } = event;
  const noun = `${ofManifests ? "manifest" : "blob"}${references === 1 ? "" : "s"}`;
  log.info(
    { ...fieldsOf("push", event), contentSize, references },
    `push ${named(event)} ${formatBytes(contentSize)}, ${references} ${noun}`,
  );
}

/** `pull lab/alpine:3.22 sha256:4bcff63911fc` */
export function logPull(log: Log, event: ManifestEvent): void {
  if (log.isLevelEnabled("info")) log.info(fieldsOf("pull", event), `pull ${named(event)}`);
}

/** `delete tag lab/alpine:3.22 sha256:4bcff63911fc`, `delete manifest lab/alpine@sha256:4bcff63911fc, 2 tags` */
export function logDeletion(log: Log, event: DeletionEvent): void {
  if (!log.isLevelEnabled("info")) return;
  const { kind, tags } = event;
  const withTags = kind === "manifest" ? `, ${tags} tag${tags === 1 ? "" : "s"}` : "";
  const fields = { event: "delete", ...event, ...callerFields(event) };
  log.info(fields, `delete ${kind} ${named(event)}${withTags}`);
}

/** `login user:ann from 10.0.0.7`, `login.failed user:ann from 10.0.0.7, 37 times` */
export function logLogin(log: Log, entry: AuditEntry): void {
  const { event, who, address, requestId, times } = entry;
  const often = times === 1 ? "" : `, ${times} times`;
  const fields = { event, who, address, requestId, times };
  log.info(fields, `${event} ${who ?? "unknown"} from ${address ?? "several addresses"}${often}`);
}

function fieldsOf(event: "push" | "pull", manifest: ManifestEvent) {
  const { repository, reference, digest, size } = manifest;
  return { event, repository, reference, digest, size, ...callerFields(manifest) };
}
