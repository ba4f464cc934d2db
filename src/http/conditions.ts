// The conditions of a request as headers (RFC 9110, 13.1). Etags count with and without their quotes: those of JSON have none.
import type { Conditions, Etags } from "../objects/preconditions.ts";

const weak = /^W\//;

/** The conditions of the headers; a list of unknown etags matches nothing. */
export function readConditions(headers: Headers): Conditions {
  return {
    // A weak etag says nothing of the bytes: If-Match compares strongly, If-None-Match does not.
    ifMatch: readEtags(headers.get("if-match"), (etag) => !weak.test(etag)),
    ifNoneMatch: readEtags(headers.get("if-none-match"), () => true),
    ifUnmodifiedSince: readDate(headers.get("if-unmodified-since")),
    ifModifiedSince: readDate(headers.get("if-modified-since")),
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

const clock = "[0-2]\\d:[0-5]\\d:[0-6]\\d";
const month = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
/** The three forms of a date that HTTP has (RFC 9110, 5.6.7): the one that is sent today, and two from before. */
const dates = [
  new RegExp(`^[A-Z][a-z]{2}, [0-3]\\d ${month} \\d{4} ${clock} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, [0-3]\\d-${month}-\\d{2} ${clock} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} ${month} [ 0-3]\\d ${clock} \\d{4}$`),
];

/** @returns Unix seconds; null without the header, and for what is no date of HTTP, which must be ignored. */
function readDate(header: string | null): number | null {
  const text = header?.trim() ?? "";
  if (!dates.some((date) => date.test(text))) return null;
  const ms = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
