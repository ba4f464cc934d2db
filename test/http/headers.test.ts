import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  contentLength,
  matchesEtag,
  nextLink,
  parseContentRange,
  parseListQuery,
  uploadHeaders,
} from "../../src/http/headers.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";

const digest = digestOf(new Uint8Array());
const positions = fc.maxSafeNat();

describe("parseContentRange", () => {
  test("reads every range of safe positions, in each spelling", () => {
    fc.assert(
      fc.property(positions, positions, (one, other) => {
        const [start, end] = one < other ? [one, other] : [other, one];
        for (const text of [
          `${start}-${end}`,
          `bytes ${start}-${end}/*`,
          `bytes ${start}-${end}`,
        ]) {
          expect(parseContentRange(text)).toEqual({ start, end });
        }
      }),
    );
  });

  test.each(["bytes 0-4/5", "0-4/5", "0-4/*", "00-04"])("%s is a range", (text) => {
    expect(parseContentRange(text)).toEqual({ start: 0, end: 4 });
  });

  test.each([
    "",
    "0",
    "-4",
    "4-",
    "5-4",
    "-1-4",
    "0-4/4",
    "0-4/",
    "bytes=0-4",
    "bytes 0-4/x",
    "0 - 4",
    "0-4, 5-9",
    "0x0-0x4",
    "1e1-2e1",
    "0-9007199254740992",
    "9007199254740992-9007199254740993",
    "0-99999999999999999999",
  ])("%p is refused", (text) => {
    expect(() => parseContentRange(text)).toThrow("Content-Range must be");
  });

  test("of an absent header is no range", () => {
    expect(parseContentRange(null)).toBeNull();
  });
});

describe("contentLength", () => {
  test("of a number too large is larger than every limit", () => {
    const headers = new Headers({ "content-length": "99999999999999999999" });
    expect(contentLength(headers)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("matchesEtag", () => {
  test.each([
    [`"${digest}"`, true],
    [`W/"${digest}"`, true],
    [`"other", W/"${digest}"`, true],
    ["*", true],
    [digest, false],
    ['"other"', false],
    ["", false],
    [null, false],
  ])("If-None-Match %p: %p", (header, matches) => {
    expect(matchesEtag(header, digest)).toBe(matches);
  });
});

describe("pages", () => {
  test("have a next link that starts after their last name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 1000 }), (last, n) => {
        const link = nextLink("/v2/a/b/tags/list", { n, last: null }, last);
        const [, target = ""] = /^<(\/[\x21-\x7e]*)>; rel="next"$/.exec(link) ?? [];
        const url = new URL(target, "http://x");

        expect(url.pathname).toBe("/v2/a/b/tags/list");
        expect(parseListQuery(url.searchParams)).toEqual({ n, last: last.toWellFormed() });
      }),
    );
  });
});

describe("uploadHeaders", () => {
  test("name the last byte in Range, and 0-0 for an empty session", () => {
    const name = parseRepositoryName("a/b");
    const id = makeUploadId("01a1f7e5-93cb-728c-8028-5a61b9c8f780");
    const ranges = [0, 1, 2, 100].map((offset) => uploadHeaders(name, id, offset)["range"]);
    expect(ranges).toEqual(["0-0", "0-0", "0-1", "0-99"]);
  });
});
