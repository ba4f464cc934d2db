// htpasswd files (Apache httpd, "htpasswd"): one `name:hash` in each line. Only bcrypt is read; the other forms are too weak.

/** What a file holds. */
export interface Htpasswd {
  /** bcrypt hashes by user name. Of a name that appears twice the first line counts, as in Apache. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Lines that were left out, as sentences with their numbers. No hash is repeated in them. */
  readonly objections: readonly string[];
}

const bcrypt = /^\$2[aby]\$(?:0[4-9]|1[0-9]|2[0-4])\$[./0-9A-Za-z]{53}$/;
/** bcrypt reads no more of a password; bytes. */
const bcryptBytes = 72;

/** Reads the text of a file. Empty lines and lines that begin with `#` are comments. */
export function readHtpasswd(text: string): Htpasswd {
  const hashes = new Map<string, string>();
  const objections: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const colon = trimmed.indexOf(":");
    const [name, hash] = [trimmed.slice(0, Math.max(colon, 0)), trimmed.slice(colon + 1)];
    const objection = objectionTo(name, hash);
    if (objection !== null) objections.push(`line ${index + 1}: ${objection}`);
    else if (!hashes.has(name)) hashes.set(name, hash);
  }
  return { hashes, objections };
}

function objectionTo(name: string, hash: string): string | null {
  if (name === "") return "there is no user name before a colon";
  if (bcrypt.test(hash)) return null;
  return `the password of ${JSON.stringify(name)} is not hashed with bcrypt; write the line anew: htpasswd -B FILE ${name}`;
}

/** A password as htpasswd hashed it: its first 72 bytes. The runtime would hash longer ones in a way of its own. */
export function bcryptPassword(password: string): Uint8Array {
  return Buffer.from(password).subarray(0, bcryptBytes);
}
