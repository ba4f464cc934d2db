// What a failed call to S3 means: absent, over, worth another try, or nothing of the kind.
import { RegistryError } from "../../errors.ts";

/** A call that S3 refused, or that did not reach it. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** S3's own name of the error, such as `NoSuchUpload`. */
  readonly code: string;
  /** True when this machine's clock was found to be wrong, and the next call is signed with S3's. */
  readonly isSkewed: boolean;

  constructor(call: string, status: number, code: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`S3 ${call}: ${status === 0 ? "no answer" : status} ${code}: ${reason}`, { cause });
    this.status = status;
    this.code = code;
    this.isSkewed = metadataOf(cause)["clockSkewCorrected"] === true;
  }
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const metadataOf = (error: unknown) => fields(fields(error)["$metadata"]);

/** Any failure of a call. */
export function s3Error(call: string, error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  const name = error instanceof Error ? error.name : "unknown";
  const status = metadataOf(error)["httpStatusCode"];
  return new S3Error(call, typeof status === "number" ? status : 0, name, error);
}

/** True when the object itself is absent: the only failure that may ever be read as "not there". */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof S3Error) || error.status !== 404) return false;
  // A HEAD has no body that could name the error. A bucket that is absent is no absent object.
  return ["NoSuchKey", "NotFound", "404"].includes(error.code);
}

/** True when the S3 upload was completed or aborted, or never was. Not for a copy, whose source may be what is absent. */
export function isUploadGone(error: unknown): boolean {
  if (!(error instanceof S3Error) || error.status !== 404) return false;
  // radosgw names the key where an upload was completed.
  return error.code === "NoSuchUpload" || error.code === "NoSuchKey";
}

const passingCodes = [
  "InternalError",
  "SlowDown",
  "RequestTimeout",
  "OperationAborted",
  "Throttling",
];

/** True when the same call may succeed in a moment. */
export function isPassing({ status, code }: S3Error): boolean {
  if (status === 501) return false;
  return status === 0 || status >= 500 || status === 429 || passingCodes.includes(code);
}

const fullCodes = ["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge"];

/** A failure as its answer to a client. What is nobody's fault but the operator's stays an error of the server's. */
export function answerOf(error: unknown): unknown {
  if (!(error instanceof S3Error)) return error;
  if (error.status === 507 || fullCodes.includes(error.code)) {
    return new RegistryError("DISK_FULL", { cause: error });
  }
  return isPassing(error) ? new RegistryError("BUSY", { cause: error }) : error;
}
