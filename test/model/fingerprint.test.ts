import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Fingerprint, readPartEtag } from "../../src/model/fingerprint.ts";
import { randomBytes } from "../support/bytes.ts";

const etagOf = (...pieces: readonly Uint8Array[]) => {
  const fingerprint = new Fingerprint();
  for (const piece of pieces) fingerprint.update(piece);
  return fingerprint.etag();
};

/** Bytes cut at the given positions. */
const cutAt = (bytes: Uint8Array, positions: readonly number[]) => {
  const bounds = [0, ...[...positions].sort((a, b) => a - b), bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
};

describe("a fingerprint", () => {
  const bytes = randomBytes("fingerprint", 300_000);

  test("does not depend on how the bytes were cut into chunks", () => {
    const whole = etagOf(bytes);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (positions) => {
        expect(etagOf(...cutAt(bytes, positions))).toBe(whole);
      }),
    );
  });

  test("differs when one byte differs, or the order of blocks", () => {
    const whole = etagOf(bytes);
    for (const at of [0, 65_535, 65_536, 200_000, bytes.length - 1]) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(etagOf(other)).not.toBe(whole);
    }
    const [first, second] = [bytes.subarray(0, 65_536), bytes.subarray(65_536, 131_072)];
    expect(etagOf(second, first)).not.toBe(etagOf(first, second));
  });

  test("differs for different numbers of zero bytes", () => {
    const etags = [0, 1, 65_535, 65_536, 65_537, 131_072].map((size) =>
      etagOf(new Uint8Array(size)),
    );
    expect(new Set(etags).size).toBe(etags.length);
  });

  test("can be read in between", () => {
    const fingerprint = new Fingerprint();
    fingerprint.update(bytes.subarray(0, 100_000));
    expect(fingerprint.etag()).toBe(etagOf(bytes.subarray(0, 100_000)));
    fingerprint.update(bytes.subarray(100_000));
    expect(fingerprint.etag()).toBe(etagOf(bytes));
  });

  test("has the same value in every version: clients compare it with their own", () => {
    expect(etagOf(new Uint8Array())).toMatch(/^0{16}-0$/);
    expect<string>(etagOf(new TextEncoder().encode("breadbox"))).toBe("4f3d3d0339d4b5d6-8");
    expect<string>(etagOf(new Uint8Array(100_000).fill(7))).toBe("8a0722339723f7e2-100000");
  });
});

describe("readPartEtag", () => {
  const etag = etagOf(new Uint8Array(5));

  test("accepts an etag with and without quotes", () => {
    expect(readPartEtag(etag)).toBe(etag);
    expect(readPartEtag(`"${etag}"`)).toBe(etag);
  });

  test.each([
    "",
    '"',
    '""',
    "abc",
    `"${etag}`,
    `${etag}"`,
    `W/"${etag}"`,
    etag.toUpperCase().replace("-", "_"),
    `${etag} `,
    "0123456789abcdef-01",
  ])("refuses %p", (text) => {
    expect(readPartEtag(text)).toBeNull();
  });
});
