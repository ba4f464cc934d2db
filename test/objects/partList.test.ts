// The list of parts that an upload is completed with: what is no list, and which staged parts it names.
import { describe, expect, test } from "bun:test";
import { readPartEtag } from "../../src/model/fingerprint.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import {
  assertPartList,
  chooseParts,
  type NamedPart,
  namePartList,
} from "../../src/objects/partList.ts";
import { refusalBy } from "./refusal.ts";

const etagOf = (number: number): string => `${String(number).padStart(16, "0")}-${number}`;
const named = (...numbers: readonly number[]): NamedPart[] =>
  numbers.map((number) => ({ number, etag: etagOf(number) }));

function staged(...numbers: readonly number[]): StagedPart[] {
  return numbers.map((number) => {
    const etag = readPartEtag(etagOf(number));
    if (etag === null) throw new Error(`${etagOf(number)} is no etag`);
    const place = { name: `part-${number}`, version: String(number) };
    return { number, size: number, etag, place, createdAt: 0 };
  });
}

describe("a list of parts", () => {
  test.each<[string, readonly number[], string]>([
    ["that is empty", [], "is empty"],
    ["that falls", [2, 1], "1 comes after 2"],
    ["that names a part twice", [1, 2, 2], "part 2 is in the list twice"],
    ["that comes back to a part", [1, 2, 1], "1 comes after 2"],
    ["with part 0", [0, 1], "0 is not a part number"],
    ["with a part before the first", [-1], "-1 is not a part number"],
    ["with half a part", [1.5], "1.5 is not a part number"],
    ["with a part behind the last one", [1, 101], "from 1 to 100"],
    ["with a number beyond all others", [Number.MAX_VALUE], "is not a part number"],
    ["with no number", [Number.NaN], "is not a part number"],
  ])("%s is refused with 400", (_, numbers, message) => {
    const refusal = refusalBy(() => assertPartList(named(...numbers), 100));

    expect([refusal.status, refusal.situation]).toEqual([400, "PART_LIST_INVALID"]);
    expect(refusal.message).toContain(message);
  });

  test.each<[string, readonly number[]]>([
    ["of one part", [1]],
    ["with gaps", [2, 7, 100]],
  ])("%s is accepted", (_, numbers) => {
    expect(() => assertPartList(named(...numbers), 100)).not.toThrow();
  });
});

describe("the parts of a list", () => {
  test("are those that it names, and no others", () => {
    const chosen = chooseParts(named(1, 3), staged(1, 2, 3, 4));

    expect(chosen.map(({ number }) => number)).toEqual([1, 3]);
  });

  test("are matched with quoted and unquoted etags", () => {
    const [chosen] = chooseParts([{ number: 2, etag: `"${etagOf(2)}"` }], staged(2));

    expect(chosen?.number).toBe(2);
  });

  test("must all exist, or the answer is 404", () => {
    const refusal = refusalBy(() => chooseParts(named(1, 2, 3), staged(1, 3)));

    expect([refusal.status, refusal.detail]).toEqual([404, { part_number: 2 }]);
  });

  test.each([
    ["another one's", etagOf(3)],
    ["none of ours", "d41d8cd98f00b204e9800998ecf8427e"],
    ["weak", `W/"${etagOf(2)}"`],
  ])("are refused with 409 when an etag is %s", (_, etag) => {
    const refusal = refusalBy(() => chooseParts([{ number: 2, etag }], staged(2)));

    expect([refusal.status, refusal.detail]).toEqual([409, { part_number: 2 }]);
  });
});

describe("the name of a list of parts", () => {
  const quoted = named(1, 2).map(({ number, etag }) => ({ number, etag: `"${etag}"` }));

  test("is the same with quoted and unquoted etags", () => {
    expect(namePartList(quoted)).toBe(namePartList(named(1, 2)));
  });

  test.each<[string, readonly NamedPart[]]>([
    ["a part less", named(1)],
    ["another part", named(1, 3)],
    ["another etag", [...named(1), { number: 2, etag: etagOf(5) }]],
  ])("differs with %s", (_, other) => {
    expect(namePartList(other)).not.toBe(namePartList(named(1, 2)));
  });
});
