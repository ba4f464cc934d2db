// If-Match and If-None-Match of reads and writes, from their headers to what they allow.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/content/digest.ts";
import { readConditions } from "../../src/http/conditions.ts";
import { judgeRead, preconditionOf } from "../../src/objects/preconditions.ts";
import { refusalBy } from "./refusal.ts";

const current = digestOf(Buffer.from("current"));
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
  ])("with %s", (_, asked, overCurrent, overNothing) => {
    const allows = preconditionOf(conditions(asked));

    expect([allows(current), allows(null)]).toEqual([overCurrent, overNothing]);
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
  ])("with %s", (_, asked, verdict) => {
    const judge = () => judgeRead(conditions(asked), current);

    if (verdict === "PRECONDITION_FAILED") expect(refusalBy(judge).situation).toBe(verdict);
    else expect<string>(judge()).toBe(verdict);
  });
});
