// A small JSON body of a PUT that names what the object is to be made of, instead of being it. Apart from putObject.ts: this decides
// which body is an ordinary document, and which is refused because it was meant as a link.
import { parseDigest } from "../../model/digest.ts";
import { readRepositoryName } from "../../model/names.ts";
import { parseBucketName, parseObjectName } from "../../model/objectNames.ts";
import type { LinkSource } from "../../objects/link.ts";
import { invalid, isMembers, type Members } from "./requests.ts";

/** A blob of a repository, or another object. */
const forms = [
  ["repository", "digest"],
  ["bucket", "object"],
] as const;
const names = forms.flat();

/**
 * @returns null for a body that is no link: it is an object. A document whose only member is `from`, with one of the names of a
 * link in it, is one.
 * @throws RegistryError DIGEST_INVALID, BUCKET_NAME_INVALID, OBJECT_NAME_INVALID; REQUEST_INVALID for a link that is not whole.
 */
export function readLink(whole: Uint8Array): LinkSource | null {
  const from = onlyMember(parseJson(whole), "from");
  if (!isMembers(from) || !names.some((name) => Object.hasOwn(from, name))) return null;
  const found = Object.keys(from).sort().join();
  const form = forms.find((members) => [...members].sort().join() === found);
  if (form === undefined) throw incomplete();
  const [first, second] = form.map((name) => textOf(from, name));
  if (first === undefined || second === undefined) throw incomplete();
  return form[0] === "repository"
    ? { kind: "link", repository: readRepositoryName(first), digest: parseDigest(second) }
    : { kind: "copy", bucket: parseBucketName(first), object: parseObjectName(second) };
}

function textOf(from: Members, name: string): string {
  const value = from[name];
  if (typeof value !== "string") throw invalid(`from.${name} must be a string`);
  return value;
}

function incomplete() {
  return invalid(
    "from must have repository and digest, or bucket and object, and nothing else. To store such a document itself, send Content-Digest, or the type application/octet-stream",
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return null;
  }
}

function onlyMember(value: unknown, name: string): unknown {
  return isMembers(value) && Object.keys(value).join() === name ? value[name] : null;
}
