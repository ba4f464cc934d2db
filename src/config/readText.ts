// Reads a small text file completely. Configuration and mounted secrets are small; anything else named by mistake is not read.
import { closeSync, openSync, readSync } from "node:fs";

/** A file that cannot be used. The message continues a sentence that begins with the file's path. */
export class ReadError extends Error {
  override readonly name = "ReadError";
}

const reasons = new Map([
  ["ENOENT", "does not exist."],
  ["ENOTDIR", "does not exist: a part of its path is not a directory."],
  ["EACCES", "cannot be read: this user has no permission."],
  ["EPERM", "cannot be read: this user has no permission."],
  ["EISDIR", "is a directory, not a file."],
  ["ELOOP", "cannot be read: its symbolic links go round in a circle."],
]);

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return reasons.get(code) ?? `cannot be read (${code}).`;
};

function readBytes(path: string, limit: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(limit + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(file, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Text of a UTF-8 file of at most `limit` bytes, without a byte order mark. Pipes work too.
 *  @throws ReadError when it cannot be read, is larger, or is not UTF-8. */
export function readText(path: string, limit: number): string {
  let bytes: Uint8Array;
  try {
    bytes = readBytes(path, limit);
  } catch (error) {
    throw new ReadError(reasonOf(error));
  }
  if (bytes.length > limit) throw new ReadError(`is larger than ${limit / 1024} KiB.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ReadError("is not UTF-8 text. Save it as UTF-8.");
  }
}
