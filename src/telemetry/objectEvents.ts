// The lines of the object store that an operator reads: who put, got, deleted and gave up what.
import { type Caller, callerFields } from "./caller.ts";
import { formatBytes } from "./events.ts";
import { capped, type Log } from "./log.ts";

/** A client's action on an object. */
export interface ObjectEvent extends Caller {
  readonly bucket: string;
  readonly object: string;
}

/** An object's properties; size in bytes. */
export interface StoredEvent extends ObjectEvent {
  readonly digest: string;
  readonly size: number;
}

type AnyEvent = ObjectEvent | StoredEvent;

const shortDigest = 19;

/** `put backups/db/monday.dump sha256:4bcff63911fc 3.6 MB`. @param uploadId of one that came in parts; null for the others. */
export function logPut(log: Log, event: StoredEvent, uploadId: string | null): void {
  if (!log.isLevelEnabled("info")) return;
  const fields = { ...fieldsOf("put", event), ...(uploadId !== null && { uploadId }) };
  log.info(fields, `put ${named(event)} ${short(event)} ${formatBytes(event.size)}`);
}

/** `get backups/db/monday.dump sha256:4bcff63911fc` */
export function logGet(log: Log, event: StoredEvent): void {
  if (!log.isLevelEnabled("info")) return;
  log.info(fieldsOf("get", event), `get ${named(event)} ${short(event)}`);
}

/** `delete object backups/db/monday.dump` */
export function logObjectDeletion(log: Log, event: ObjectEvent): void {
  if (!log.isLevelEnabled("info")) return;
  log.info({ ...fieldsOf("delete", event), kind: "object" }, `delete object ${named(event)}`);
}

/** `abort backups/db/monday.dump 01a1f97d-03b1-76cc-840b-cfa25dc36683` */
export function logAbort(log: Log, event: ObjectEvent, uploadId: string): void {
  if (!log.isLevelEnabled("info")) return;
  log.info({ ...fieldsOf("abort", event), uploadId }, `abort ${named(event)} ${uploadId}`);
}

/** `create bucket backups`, `delete bucket backups`. */
export function logBucket(
  log: Log,
  action: "create" | "delete",
  { bucket, ...caller }: Caller & Pick<ObjectEvent, "bucket">,
): void {
  if (!log.isLevelEnabled("info")) return;
  const fields = { event: action, kind: "bucket", bucket, ...callerFields(caller) };
  log.info(fields, `${action} bucket ${bucket}`);
}

function named({ bucket, object }: ObjectEvent): string {
  return `${bucket}/${capped(object)}`;
}

function short({ digest }: StoredEvent): string {
  return digest.slice(0, shortDigest);
}

function fieldsOf(event: string, about: AnyEvent) {
  const { bucket, object } = about;
  const stored = "digest" in about ? { digest: about.digest, size: about.size } : {};
  return { event, bucket, object: capped(object), ...stored, ...callerFields(about) };
}
