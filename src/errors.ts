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
  TAGS_TOO_MANY: [414, "MANIFEST_INVALID", "more tags in one request than this registry takes"],
  MANIFEST_TOO_LARGE: [413, "SIZE_INVALID", "manifest is larger than this registry accepts"],
  BODY_TOO_LARGE: [413, "SIZE_INVALID", "request body is larger than this registry accepts"],
  BODY_TOO_SLOW: [408, "REQUEST_TIMEOUT", "the request body came too slowly"],
  DESCRIPTOR_SIZE_INVALID: [400, "SIZE_INVALID", "descriptor size differs from the stored size"],
  NAME_INVALID: [400, "NAME_INVALID", "invalid repository name"],
  NAME_UNKNOWN: [404, "NAME_UNKNOWN", "repository name not known to registry"],
  PAGE_INVALID: [400, "PAGINATION_NUMBER_INVALID", "n must be a whole number, 0 or larger"],
  HOST_INVALID: [400, "BAD_REQUEST", "the Host header is missing or malformed"],
  PATH_INVALID: [
    400,
    "BAD_REQUEST",
    "the path holds characters that no address of this server uses",
  ],
  GC_RUNNING: [409, "CONFLICT", "a garbage collection is running; GET /v1/gc/runs shows it"],
  GC_RUN_UNKNOWN: [404, "NOT_FOUND", "no such run; GET /v1/gc/runs lists the latest ones"],
  REQUEST_INVALID: [400, "BAD_REQUEST", "the request cannot be understood"],
  ROUTE_UNKNOWN: [404, "NOT_FOUND", "no such address on this server; /swagger lists all of them"],
  BLOB_IN_USE: [405, "UNSUPPORTED", "a manifest of this repository refers to this blob"],
  TAG_IMMUTABLE: [403, "DENIED", "the tag is immutable (registry.immutableTags)"],
  DELETE_DISABLED: [405, "UNSUPPORTED", "deletion is switched off (registry.delete)"],
  WRITES_DISABLED: [405, "UNSUPPORTED", "this registry is read-only (registry.readOnly)"],
  METHOD_UNSUPPORTED: [405, "UNSUPPORTED", "this address does not take this method"],
  ENCODING_UNSUPPORTED: [
    415,
    "UNSUPPORTED",
    "Content-Encoding is not supported here; send the bytes as they are",
  ],
  UNAUTHORIZED: [401, "UNAUTHORIZED", "authentication required"],
  CROSS_SITE: [
    403,
    "DENIED",
    "a web page of another site may not change anything here (Origin, Sec-Fetch-Site)",
  ],
  DENIED: [403, "DENIED", "requested access to the resource is denied"],
  DISK_FULL: [503, "UNAVAILABLE", "storage is full; free space, then try again"],
  READ_ONLY: [
    503,
    "UNAVAILABLE",
    "the store is read-only after a write error; it needs its operator",
  ],
  BUSY: [503, "UNAVAILABLE", "the server is busy; try again in a moment"],
  UNKNOWN: [500, "UNKNOWN", "internal error; the server's log has more under this request id"],
} as const satisfies Record<string, readonly [status: number, code: string, message: string]>;

/** The name of one row of the table. */
export type Situation = keyof typeof situations;

/** What a thrower may add to the table's row. */
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
    this.retryAfter = context.retryAfter ?? (this.status === 503 ? 5 : undefined);
  }

  /** HTTP status. */
  get status(): number {
    return situations[this.situation][0];
  }

  /** Code of the OCI error envelope. */
  get code(): string {
    return situations[this.situation][1];
  }
}
