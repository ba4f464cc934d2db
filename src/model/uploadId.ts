// The id of an upload session, and of an upload in parts.

/** Lower-case UUID. Only `readUploadId` and `makeUploadId` make one. */
export type UploadId = string & { readonly __brand: "UploadId" };

const uuidGrammar = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @returns the id, or null when `text` is not a lower-case UUID of version 4 or 7. */
export function readUploadId(text: string): UploadId | null {
  return uuidGrammar.test(text) ? (text as UploadId) : null;
}

/** An id for a new session. @param uuid from the id source that was passed in. */
export function makeUploadId(uuid: string): UploadId {
  const id = readUploadId(uuid);
  if (id === null) throw new Error("the id source must make lower-case UUIDs");
  return id;
}
