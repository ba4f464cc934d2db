// Names of buckets and objects as they are written on a command line, and the paths they have on a server. Pure.

/** The meaning of `BUCKET`, `BUCKET/` and `BUCKET/OBJECT`. */
export interface BucketAddress {
  readonly bucket: string;
  /** The object's name, or the beginning of one; "" for the bucket itself. */
  readonly object: string;
}

/** A text that is no name. The message is for the one who typed it. */
export class NameError extends Error {
  override readonly name = "NameError";
}

/** Splits at the first slash. @throws NameError for what could never be a name, or would be another one on the way. */
export function readAddress(text: string): BucketAddress {
  const slash = text.indexOf("/");
  const bucket = slash < 0 ? text : text.slice(0, slash);
  const object = slash < 0 ? "" : text.slice(slash + 1);
  assertBucket(bucket);
  if (!object.isWellFormed()) throw new NameError(`${quoted(text)} is not valid Unicode.`);
  return { bucket, object };
}

/** As `readAddress`, for a bucket alone. @throws NameError */
export function readBucket(text: string): string {
  const { bucket, object } = readAddress(text);
  if (object !== "" || text.endsWith("/")) {
    throw new NameError(`${quoted(text)} names an object; name a bucket alone.`);
  }
  return bucket;
}

/** As `readAddress`, for an object. @throws NameError */
export function readObject(text: string): BucketAddress {
  const target = readAddress(text);
  if (target.object === "") {
    throw new NameError(`${quoted(text)} names no object; write BUCKET/OBJECT.`);
  }
  assertObject(target.object);
  return target;
}

/** The destination of a file: a bucket alone, or a name with a slash at its end, is completed by the file's name. @throws NameError */
export function readDestination(text: string, fileName: string | null): BucketAddress {
  const { bucket, object } = readAddress(text);
  if (object !== "" && !object.endsWith("/")) return readObject(text);
  if (fileName === null) {
    throw new NameError("standard input has no name; write BUCKET/OBJECT.");
  }
  return readObject(`${bucket}/${object}${fileName}`);
}

/** The server judges names; but a browser's rules for URLs would make another address of these. */
function assertBucket(bucket: string): void {
  if (bucket === "") throw new NameError("a bucket's name is missing; write BUCKET/OBJECT.");
  if (!/^[\w.-]+$/.test(bucket) || /^\.\.?$/.test(bucket)) {
    throw new NameError(`${quoted(bucket)} is not a valid bucket name.`);
  }
}

function assertObject(object: string): void {
  const segments = object.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new NameError(
      `${quoted(object)} is not a valid object name: no part between slashes may be empty, "." or "..".`,
    );
  }
}

const quoted = (text: string): string => JSON.stringify(text);

/** The last segment of an object's name, or of a file's path. */
export const lastSegment = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The path of a bucket. */
export const bucketPath = (bucket: string): string => `/v1/buckets/${encodeURIComponent(bucket)}`;

/** The path of an object: each segment escaped, the slashes as they are. */
export const objectPath = ({ bucket, object }: BucketAddress): string =>
  `${bucketPath(bucket)}/objects/${object.split("/").map(encodeURIComponent).join("/")}`;

/** The path of the open uploads of a bucket, or of one of them. */
export function uploadsPath(bucket: string, id?: string): string {
  const all = `${bucketPath(bucket)}/multipart-uploads`;
  return id === undefined ? all : `${all}/${encodeURIComponent(id)}`;
}

/** As it was typed: `backups/db.tar`. */
export const showAddress = ({ bucket, object }: BucketAddress): string =>
  object === "" ? bucket : `${bucket}/${object}`;
