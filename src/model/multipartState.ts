// The states of an upload in parts.

/** A state that an upload can be worked on in. */
export type OpenState = "initiated" | "uploading";
/** The others are ends: an upload in one of them has lost its parts. */
export type MultipartState = OpenState | "completed" | "aborted" | "expired";
