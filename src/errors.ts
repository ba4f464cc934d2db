// Every failure a client may see, once: situation → status, OCI code, message. http/errors.ts prints them.

/** OCI error codes (distribution-spec, "Error Codes") and the few that Breadbox adds for what the spec has no code for. */
const situations = {
  BLOB_UNKNOWN: [404, "BLOB_UNKNOWN", "blob unknown to this repository"],
  UPLOAD_UNKNOWN: [404, "BLOB_UPLOAD_UNKNOWN", "no such upload session; start a new one with POST"],
  UPLOAD_DAMAGED: [
    404,
    "BLOB_UPLOAD_UNKNOWN",
    "the staged bytes of this upload are damaged; start a new one with POST",
  ],
  UPLOAD_BUSY: [429, "TOOMANYREQUESTS", "another request is writing to this upload session"],
  UPLOAD_INVALID: [400, "BLOB_UPLOAD_INVALID", "the upload request cannot be understood"],
  CHUNK_OUT_OF_ORDER: [416, "BLOB_UPLOAD_INVALID", "chunk does not start at the session's offset"],
  CHUNK_SIZE_MISMATCH: [400, "SIZE_INVALID", "body length differs from the declared length"],
  DIGEST_INVALID: [400, "DIGEST_INVALID", "digest does not match the content or is malformed"],
  MANIFEST_BLOB_UNKNOWN: [400, "MANIFEST_BLOB_UNKNOWN", "manifest references unknown content"],
  MANIFEST_INVALID: [400, "MANIFEST_INVALID", "manifest invalid"],
  MANIFEST_UNKNOWN: [404, "MANIFEST_UNKNOWN", "manifest unknown to this repository"],
  TAGS_TOO_MANY: [414, "MANIFEST_INVALID", "more tags in one request than this registry accepts"],
  MANIFEST_TOO_LARGE: [413, "SIZE_INVALID", "manifest is larger than this registry accepts"],
  BODY_TOO_LARGE: [413, "SIZE_INVALID", "request body is larger than this registry accepts"],
  BODY_TOO_SLOW: [408, "REQUEST_TIMEOUT", "the request body arrived too slowly"],
  DESCRIPTOR_SIZE_INVALID: [400, "SIZE_INVALID", "descriptor size differs from the stored size"],
  NAME_INVALID: [400, "NAME_INVALID", "invalid repository name"],
  NAME_UNKNOWN: [404, "NAME_UNKNOWN", "repository name not known to registry"],
  PAGE_INVALID: [400, "PAGINATION_NUMBER_INVALID", "n must be a whole number, 0 or larger"],
  HOST_INVALID: [400, "BAD_REQUEST", "the Host header is missing or malformed"],
  HOST_FOREIGN: [
    421,
    "DENIED",
    "this server accepts requests for this machine's own names only: localhost, 127.0.0.1; to serve another name, set http.url to the URL that clients use",
  ],
  PATH_INVALID: [
    400,
    "BAD_REQUEST",
    "the path holds characters that no address of this server uses",
  ],
  PATH_REWRITTEN: [
    400,
    "BAD_REQUEST",
    "the path holds '\\\\', '#', or '.' or '..' between slashes; send the resolved path",
  ],
  USER_UNKNOWN: [404, "NOT_FOUND", "no such user; GET /v1/users lists them"],
  USER_EXISTS: [409, "CONFLICT", "a user of this name exists already"],
  TOKEN_UNKNOWN: [404, "NOT_FOUND", "no such token, or it is revoked; GET /v1/tokens lists them"],
  TOKEN_EXISTS: [409, "CONFLICT", "this name was given to a token before; choose another one"],
  RULE_UNKNOWN: [404, "NOT_FOUND", "no such rule; GET /v1/rules lists them"],
  TRUST_UNKNOWN: [404, "NOT_FOUND", "no such trust rule; GET /v1/trust lists them"],
  TRUST_EXISTS: [409, "CONFLICT", "a trust rule of this name exists already"],
  ADMINISTRATORS_ONLY: [403, "DENIED", "only administrators may do this"],
  DOOR_OPEN: [
    403,
    "DENIED",
    "this server asks nobody to log in, so that nobody can change who may; on its machine: breadbox user add NAME --admin",
  ],
  GC_RUNNING: [409, "CONFLICT", "a garbage collection is running; GET /v1/gc/runs shows it"],
  PASSWORD_WRONG: [403, "DENIED", "the current password is wrong; nothing was changed"],
  PASSWORD_NONE: [
    403,
    "DENIED",
    "only users of the database have a password here: that of an htpasswd file is changed in the file, and access tokens have none",
  ],
  CHECK_RUNNING: [
    409,
    "CONFLICT",
    "a check is running; GET /v1/checks shows it. Begin another one when it has ended",
  ],
  CHECK_UNKNOWN: [404, "NOT_FOUND", "no such check; GET /v1/checks lists the latest ones"],
  WEBHOOK_UNKNOWN: [404, "NOT_FOUND", "no such webhook; GET /v1/webhooks lists them"],
  CONTENT_UNKNOWN: [404, "NOT_FOUND", "nothing here has this name or digest"],
  GC_RUN_UNKNOWN: [404, "NOT_FOUND", "no such run; GET /v1/gc/runs lists the latest ones"],
  PLAN_CHANGED: [
    409,
    "CONFLICT",
    "what would be deleted is no longer what the plan says; nothing more was deleted. Look at a new plan",
  ],
  BUCKET_NAME_INVALID: [
    400,
    "NAME_INVALID",
    "invalid bucket name: lower-case letters, digits, '.' and '-', at most 63, with a letter or digit at both ends",
  ],
  BUCKET_UNKNOWN: [404, "BUCKET_UNKNOWN", "no such bucket; POST /v1/buckets creates one"],
  BUCKET_EXISTS: [409, "BUCKET_EXISTS", "a bucket of this name exists already"],
  BUCKET_NOT_EMPTY: [409, "BUCKET_NOT_EMPTY", "the bucket holds objects; delete them first"],
  BUCKET_LOST_OBJECTS: [
    409,
    "BUCKET_NOT_EMPTY",
    "the bucket counts objects that it does not hold; the operator can run breadbox fsck to find out more",
  ],
  BUCKET_BUSY: [409, "CONFLICT", "an object of this bucket is being stored; try again"],
  OBJECT_NAME_INVALID: [400, "NAME_INVALID", "invalid object name"],
  OBJECT_UNKNOWN: [404, "OBJECT_UNKNOWN", "no such object in this bucket"],
  PRECONDITION_FAILED: [
    412,
    "PRECONDITION_FAILED",
    "the object does not meet the conditions of the request (If-Match, If-None-Match, If-Unmodified-Since)",
  ],
  CONTENT_DIGEST_INVALID: [400, "DIGEST_INVALID", "Content-Digest cannot be understood (RFC 9530)"],
  CONTENT_DIGEST_DIFFERS: [
    400,
    "DIGEST_INVALID",
    "the received bytes do not match Content-Digest; send them again",
  ],
  MULTIPART_UNKNOWN: [
    404,
    "MULTIPART_UPLOAD_UNKNOWN",
    "no such multipart upload: it was completed or aborted, it expired, or it never existed",
  ],
  MULTIPART_STATE: [409, "CONFLICT", "the state of the upload does not allow this"],
  MULTIPART_COMPLETING: [409, "CONFLICT", "the upload is being completed; try again"],
  MULTIPART_DISABLED: [
    405,
    "UNSUPPORTED",
    "multipart uploads are switched off (storage.multipart.enabled)",
  ],
  PART_NUMBER_INVALID: [400, "PART_INVALID", "a part number is a whole number, 1 or larger"],
  PART_LIST_INVALID: [400, "PART_INVALID", "the list of parts cannot be understood"],
  PART_UNKNOWN: [404, "PART_UNKNOWN", "the upload has no such part; upload it, then complete"],
  PART_DIFFERS: [
    409,
    "PART_DIFFERS",
    "the etag differs from that of the part; list the parts, or send the part again",
  ],
  PART_TOO_LARGE: [413, "SIZE_INVALID", "the part is larger than storage.multipart.maxPartBytes"],
  REQUEST_INVALID: [400, "BAD_REQUEST", "the request cannot be understood"],
  ROUTE_UNKNOWN: [404, "NOT_FOUND", "no such address on this server; /swagger lists all of them"],
  BLOB_IN_USE: [405, "UNSUPPORTED", "a manifest of this repository refers to this blob"],
  TAG_IMMUTABLE: [403, "DENIED", "the tag is immutable (registry.immutableTags)"],
  DELETE_DISABLED: [405, "UNSUPPORTED", "deletion is switched off (registry.delete)"],
  WRITES_DISABLED: [405, "UNSUPPORTED", "this registry is read-only (registry.readOnly)"],
  METHOD_UNSUPPORTED: [405, "UNSUPPORTED", "this address does not support this method"],
  ENCODING_UNSUPPORTED: [
    415,
    "UNSUPPORTED",
    "Content-Encoding is not supported here; send the bytes as they are",
  ],
  // Not distribution's own words ("authentication required", "requested access to the resource is denied"): dockerd takes an
  // error of just those, without detail, for one to try again, and does so five times in 50 s.
  UNAUTHORIZED: [401, "UNAUTHORIZED", "authentication required: log in, then try again"],
  LOGINS_TOO_MANY: [429, "TOOMANYREQUESTS", "too many failed logins; wait, then try again"],
  CROSS_SITE: [
    403,
    "DENIED",
    "requests from web pages of other sites cannot change anything (Origin, Sec-Fetch-Site)",
  ],
  DENIED: [403, "DENIED", "access denied: no rule allows this"],
  // 413 and not 503 or 507, because docker, podman and skopeo show the text of a 4xx only. "Larger than the server is able to
  // process", for now: RFC 9110, 15.5.14, which has Retry-After for it.
  DISK_FULL: [413, "UNAVAILABLE", "disk full: free space on the registry's disk, then try again"],
  READ_ONLY: [
    503,
    "UNAVAILABLE",
    "the store is read-only after a write error until the operator restarts the server",
  ],
  BUSY: [503, "UNAVAILABLE", "the server is busy; try again in a moment"],
  UNKNOWN: [500, "UNKNOWN", "internal error; the server's log has details under this request id"],
} as const satisfies Record<string, readonly [status: number, code: string, message: string]>;

/** Seconds for `Retry-After` where a thrower names none. */
const retryAfter: Partial<Record<Situation, number>> = { DISK_FULL: 30, READ_ONLY: 5, BUSY: 5 };

/** The name of one row of the table. */
export type Situation = keyof typeof situations;

/** Optional fields of an error, added to the table's row. */
export interface ErrorContext {
  /** Printed as `detail` of the envelope; must hold nothing a client may not see (no path, SQL, secret). */
  readonly detail?: unknown;
  /** Replaces the table's message where a more exact one helps the client act. */
  readonly message?: string;
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number;
  /** Kept for the log, never shown to a client. */
  readonly cause?: unknown;
}

/** A failure with an answer: thrown by any room, encoded once by `http/errors.ts`. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly situation: Situation;
  readonly detail: unknown;
  readonly retryAfter: number | undefined;

  constructor(situation: Situation, context: ErrorContext = {}) {
    super(context.message ?? situations[situation][2], { cause: context.cause });
    this.situation = situation;
    this.detail = context.detail;
    this.retryAfter = context.retryAfter ?? retryAfter[situation];
  }

  /** HTTP status. */
  get status(): number {
    return situations[this.situation][0];
  }

  /** True when the server could not do it: nothing is wrong with the request, and it may have been done in part. */
  get isServerSide(): boolean {
    return this.status >= 500 || this.situation === "DISK_FULL";
  }

  /** Code of the OCI error envelope. */
  get code(): string {
    return situations[this.situation][1];
  }
}

/** Why something failed, for an operator: of an error that is worded for clients, what caused it. */
export function causeText(error: unknown): string {
  if (error instanceof RegistryError && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}
