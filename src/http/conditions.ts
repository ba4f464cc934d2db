// If-Match and If-None-Match as headers (RFC 9110, 13.1). Etags count with and without their quotes: those of JSON have none.
import type { Conditions, Etags } from "../objects/preconditions.ts";

const weak = /^W\//;

/** What the two headers ask; one that names nothing that could be there matches nothing. */
export function readConditions(headers: Headers): Conditions {
  return {
    // A weak etag says nothing of the bytes: If-Match compares strongly, If-None-Match does not.
    ifMatch: readEtags(headers.get("if-match"), (etag) => !weak.test(etag)),
    ifNoneMatch: readEtags(headers.get("if-none-match"), () => true),
  };
}

function readEtags(header: string | null, counts: (etag: string) => boolean): Etags | null {
  if (header === null) return null;
  if (header.trim() === "*") return "any";
  return header
    .split(",")
    .map((etag) => etag.trim())
    .filter(counts)
    .map((etag) => unquoted(etag.replace(weak, "")));
}

function unquoted(etag: string): string {
  return etag.length > 1 && etag.startsWith('"') && etag.endsWith('"') ? etag.slice(1, -1) : etag;
}
