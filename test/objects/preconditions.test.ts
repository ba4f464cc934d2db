// The conditions of reads and writes, from their headers to what they allow.
import { describe, expect, test } from "bun:test";
import { readConditions } from "../../src/http/conditions.ts";
import { digestOf } from "../../src/model/digest.ts";
import { judgeRead, preconditionOf } from "../../src/objects/preconditions.ts";
import { refusalBy } from "./refusal.ts";

const current = digestOf(Buffer.from("current"));
/** Put in the middle of a second. */
const version = { digest: current, createdAt: Date.UTC(2026, 0, 1) + 500 };
const second = "Thu, 01 Jan 2026 00:00:00 GMT";
const later = "Thu, 01 Jan 2026 00:00:01 GMT";
const before = "Wed, 31 Dec 2025 23:59:59 GMT";
const before850 = "Wednesday, 31-Dec-25 23:59:59 GMT";
const beforeC = "Wed Dec 31 23:59:59 2025";
const other = digestOf(Buffer.from("other"));

type Asked = Readonly<Record<string, string>>;
const conditions = (asked: Asked) => readConditions(new Headers(asked));

describe("a write", () => {
  test.each<[what: string, asked: Asked, overCurrent: boolean, overNothing: boolean]>([
    ["without conditions", {}, true, true],
    ["If-Match of the object", { "If-Match": `"${current}"` }, true, false],
    ["If-Match without quotes", { "If-Match": current }, true, false],
    ["If-Match of another", { "If-Match": `"${other}"` }, false, false],
    ["If-Match of a list", { "If-Match": `"x", "${current}"` }, true, false],
    ["If-Match of any", { "If-Match": "*" }, true, false],
    ["If-Match of any, in blanks", { "If-Match": "  * " }, true, false],
    ["If-Match of an etag that is a star", { "If-Match": '"*"' }, false, false],
    ["If-Match of a weak etag", { "If-Match": `W/"${current}"` }, false, false],
    ["If-Match of nothing", { "If-Match": "" }, false, false],
    ["If-Match in upper case", { "If-Match": `"${current.toUpperCase()}"` }, false, false],
    ["If-Match of half a quote", { "If-Match": `"${current}` }, false, false],
    ["If-None-Match of any", { "If-None-Match": "*" }, false, true],
    ["If-None-Match of the object", { "If-None-Match": `"${current}"` }, false, true],
    ["If-None-Match of a weak etag", { "If-None-Match": `W/"${current}"` }, false, true],
    ["If-None-Match of another", { "If-None-Match": `"${other}"` }, true, true],
    ["If-None-Match of a list", { "If-None-Match": `"${other}","${current}"` }, false, true],
    ["If-None-Match of nothing", { "If-None-Match": "" }, true, true],
    ["both, which hold", { "If-Match": "*", "If-None-Match": `"${other}"` }, true, false],
    ["both, of one object", { "If-Match": "*", "If-None-Match": "*" }, false, false],
    ["If-Unmodified-Since its second", { "If-Unmodified-Since": second }, true, true],
    ["If-Unmodified-Since later", { "If-Unmodified-Since": later }, true, true],
    ["If-Unmodified-Since before", { "If-Unmodified-Since": before }, false, true],
    ["the same date as it was written in 1985", { "If-Unmodified-Since": before850 }, false, true],
    ["the same date as C writes it", { "If-Unmodified-Since": beforeC }, false, true],
    ["If-Unmodified-Since of no date", { "If-Unmodified-Since": "2025" }, true, true],
    ["If-Unmodified-Since of nothing", { "If-Unmodified-Since": "" }, true, true],
    [
      "If-Unmodified-Since before, and If-Match that counts instead",
      { "If-Unmodified-Since": before, "If-Match": `"${current}"` },
      true,
      false,
    ],
    [
      "If-Unmodified-Since that holds, and If-Match of another",
      { "If-Unmodified-Since": later, "If-Match": `"${other}"` },
      false,
      false,
    ],
    [
      "If-Unmodified-Since that holds, and If-None-Match of any",
      { "If-Unmodified-Since": later, "If-None-Match": "*" },
      false,
      true,
    ],
    ["If-Modified-Since, which is for reads", { "If-Modified-Since": later }, true, true],
  ])("with %s", (_, asked, overCurrent, overNothing) => {
    const allows = preconditionOf(conditions(asked));

    expect([allows(version), allows(null)]).toEqual([overCurrent, overNothing]);
  });
});

describe("a read", () => {
  test.each<[what: string, asked: Asked, verdict: string]>([
    ["without conditions", {}, "send"],
    ["If-Match of the object", { "If-Match": `"${current}"` }, "send"],
    ["If-Match of another", { "If-Match": `"${other}"` }, "PRECONDITION_FAILED"],
    ["If-None-Match of the object", { "If-None-Match": `"${current}"` }, "notModified"],
    ["If-None-Match of any", { "If-None-Match": "*" }, "notModified"],
    ["If-None-Match of another", { "If-None-Match": `"${other}"` }, "send"],
    [
      "both: If-Match comes first",
      { "If-Match": `"${other}"`, "If-None-Match": `"${current}"` },
      "PRECONDITION_FAILED",
    ],
    ["both, which hold", { "If-Match": "*", "If-None-Match": "*" }, "notModified"],
    ["If-Unmodified-Since its second", { "If-Unmodified-Since": second }, "send"],
    ["If-Unmodified-Since before", { "If-Unmodified-Since": before }, "PRECONDITION_FAILED"],
    ["If-Modified-Since its second", { "If-Modified-Since": second }, "notModified"],
    ["If-Modified-Since later", { "If-Modified-Since": later }, "notModified"],
    ["If-Modified-Since before", { "If-Modified-Since": before }, "send"],
    ["If-Modified-Since of no date", { "If-Modified-Since": "yesterday" }, "send"],
    [
      "If-Modified-Since, and If-None-Match that counts instead",
      { "If-Modified-Since": later, "If-None-Match": `"${other}"` },
      "send",
    ],
    [
      "If-Unmodified-Since before, and If-None-Match that would hold",
      { "If-Unmodified-Since": before, "If-None-Match": `"${current}"` },
      "PRECONDITION_FAILED",
    ],
  ])("with %s", (_, asked, verdict) => {
    const judge = () => judgeRead(conditions(asked), version);

    if (verdict === "PRECONDITION_FAILED") expect(refusalBy(judge).situation).toBe(verdict);
    else expect<string>(judge()).toBe(verdict);
  });
});
