import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ByteSpan, chooseRanges, mostRanges } from "../../src/http/ranges.ts";

/** `start-end` of each span, end exclusive; `whole` or `none`. */
function choose(header: string | null, size: number): string {
  const choice = chooseRanges(header, size);
  if (choice.kind !== "spans") return choice.kind;
  return [choice.first, ...choice.others].map(({ start, end }) => `${start}-${end}`).join(" ");
}

describe("ranges of 10 bytes", () => {
  test.each([
    ["bytes=0-3", "0-4"],
    ["bytes=0-0", "0-1"],
    ["bytes=4-", "4-10"],
    ["bytes=-3", "7-10"],
    ["bytes=-30", "0-10"],
    ["bytes=5-100", "5-10"],
    ["bytes=00-03", "0-4"],
    ["BYTES=0-3", "0-4"],
    ["bytes=0-99999999999999999999", "0-10"],
    ["bytes=-99999999999999999999", "0-10"],
    ["bytes= 0-3 ,\t5-6", "0-4 5-7"],
    ["bytes=,0-3,,", "0-4"],
    ["bytes=0-1,3-4", "0-2 3-5"],
    ["bytes=3-4,0-1", "3-5 0-2"],
    ["bytes=8-,-9,0-0", "1-10 0-1"],
    ["bytes=-1,0-0", "9-10 0-1"],
  ])("%p asks for %p", (header, spans) => {
    expect(choose(header, 10)).toBe(spans);
  });

  test.each([
    ["neighbours stay apart", "bytes=0-3,4-7", "0-4 4-8"],
    ["what overlaps becomes one, in the place of the earliest", "bytes=5-6,0-2,1-3", "5-7 0-4"],
    ["a range in another one goes into it", "bytes=2-3,0-9", "0-10"],
    ["the same range twice is sent once", "bytes=2-3,2-3,2-3", "2-4"],
    ["a chain of overlaps becomes one", "bytes=0-2,4-6,2-4,8-8", "0-7 8-9"],
    ["ranges beyond the end are dropped", "bytes=10-,0-1,99-100,5-5", "0-2 5-6"],
    ["ranges that end before they begin are dropped", "bytes=5-4,0-1", "0-2"],
    ["a suffix of nothing is dropped", "bytes=-0,0-1", "0-2"],
  ])("%s", (_, header, spans) => {
    expect(choose(header, 10)).toBe(spans);
  });

  test.each(["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=10-,-0,99999999999999999999-"])(
    "%p asks for nothing that is there",
    (header) => {
      expect(choose(header, 10)).toBe("none");
    },
  );

  test.each([
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=a-b",
    "bytes=0-1,x",
    "bytes=0-1;3-4",
    "bytes=0 -1",
    "bytes=+0-1",
    "bytes=0x0-0x1",
    "bytes=--1",
    "bytes=1-2-3",
    "bytes 0-3",
    "bytes = 0-3",
    "items=0-3",
    "bytes=0-3, items=4-5",
    "0-3",
  ])("%p is no range: all of them are sent", (header) => {
    expect(choose(header, 10)).toBe("whole");
  });
});

test("empty content has no satisfiable range", () => {
  for (const header of ["bytes=0-", "bytes=-1", "bytes=0-0,1-1"]) {
    expect(choose(header, 0)).toBe("whole");
  }
});

describe("the number of ranges", () => {
  const many = (count: number) =>
    `bytes=${Array.from({ length: count }, (_, at) => `${at * 2}-${at * 2}`).join(",")}`;

  test("may be as high as podman's", () => {
    const choice = chooseRanges(many(mostRanges), 1_000_000);
    expect(choice.kind === "spans" && choice.others.length).toBe(mostRanges - 1);
  });

  test("makes the header ignored beyond the limit", () => {
    expect(choose(many(mostRanges + 1), 1_000_000)).toBe("whole");
  });
});

describe("any list of ranges", () => {
  const position = fc.nat({ max: 60 });
  const spec = fc.oneof(
    fc.tuple(position, position).map(([first, last]) => `${first}-${last}`),
    position.map((first) => `${first}-`),
    position.map((length) => `-${length}`),
  );
  const size = fc.integer({ min: 1, max: 50 });

  test("covers each requested byte, and no other", () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 12 }), size, (specs, total) => {
        const choice = chooseRanges(`bytes=${specs.join(",")}`, total);
        const spans = choice.kind === "spans" ? [choice.first, ...choice.others] : [];

        const sent = spans.flatMap(positions).sort((a, b) => a - b);
        const asked = new Set(specs.flatMap((text) => positions(naive(text, total))));
        expect(sent).toEqual([...asked].sort((a, b) => a - b));
        expect(choice.kind).toBe(asked.size === 0 ? "none" : "spans");
      }),
    );
  });

  test("is read back part for part when nothing overlaps, in any order", () => {
    const apart = fc
      .uniqueArray(fc.nat({ max: 30 }), { minLength: 1, maxLength: 20 })
      .map((starts) => starts.map((start) => ({ start: start * 3, end: start * 3 + 3 })));
    fc.assert(
      fc.property(apart, (spans) => {
        const header = `bytes=${spans.map(({ start, end }) => `${start}-${end - 1}`).join(", ")}`;
        const choice = chooseRanges(header, 100);
        expect(choice.kind === "spans" && [choice.first, ...choice.others]).toEqual(spans);
      }),
    );
  });

  test("is parsed without an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, total) => {
        expect(["whole", "none", "spans"]).toContain(chooseRanges(`bytes=${text}`, total).kind);
      }),
    );
  });
});

const positions = ({ start, end }: ByteSpan): number[] =>
  Array.from({ length: Math.max(end - start, 0) }, (_, index) => start + index);

/** One range by the letter of RFC 9110, 14.1.2. */
function naive(text: string, size: number): ByteSpan {
  const [first = "", last = ""] = text.split("-");
  if (first === "") return { start: Math.max(0, size - Number(last)), end: size };
  return { start: Number(first), end: last === "" ? size : Math.min(Number(last) + 1, size) };
}
