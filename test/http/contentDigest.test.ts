// Content-Digest and its kin as headers: what is understood, what is refused, what is answered.
import { describe, expect, test } from "bun:test";
import { answerDigests, readContentDigest } from "../../src/http/contentDigest.ts";
import { readDictionary } from "../../src/http/dictionary.ts";
import { type Digest, digestOf, hexOf } from "../../src/model/digest.ts";
import { refusalBy } from "../objects/refusal.ts";

const bytes = Buffer.from("content");
const sha256 = digestOf(bytes);
const sha512 = digestOf(bytes, "sha512");
const base64 = (digest: Digest) => Buffer.from(hexOf(digest), "hex").toString("base64");
const printed256 = `sha-256=:${base64(sha256)}:`;
const printed512 = `sha-512=:${base64(sha512)}:`;

describe("Content-Digest", () => {
  test.each<[header: string, digests: readonly Digest[]]>([
    [printed256, [sha256]],
    [printed512, [sha512]],
    [`${printed256}, ${printed512}`, [sha256, sha512]],
    [`${printed512},${printed256}`, [sha256, sha512]],
    [`  ${printed256}\t,  ${printed512} `, [sha256, sha512]],
    [`${printed256};a=1; b="x,y"`, [sha256]],
    [`unixsum=5, ${printed256}`, [sha256]],
    [`other=("a" b;q=1 :eA==:), ${printed256}`, [sha256]],
    [`flag, ${printed256}`, [sha256]],
    [`sha-256=:AAAA:, ${printed256}`, [sha256]],
    ["md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", []],
    ["", []],
  ])("%p is parsed", (header, digests) => {
    expect(readContentDigest(new Headers({ "Content-Digest": header }))).toEqual([...digests]);
  });

  test("may be absent", () => {
    expect(readContentDigest(new Headers())).toEqual([]);
  });

  test.each([
    base64(sha256),
    `sha-256=${base64(sha256)}`,
    `sha-256="${base64(sha256)}"`,
    `SHA-256=:${base64(sha256)}:`,
    "sha-256",
    "sha-256=::",
    "sha-256=:AAAA:",
    `sha-256=:${base64(sha512)}:`,
    `sha-512=:${base64(sha256)}:`,
    `sha-256=:${base64(sha256)}`,
    `sha-256=:${base64(sha256).replace("=", "*")}:`,
    `${printed256},`,
    `,${printed256}`,
    `${printed256} ${printed512}`,
    `${printed256};`,
    `sha-256=:${hexOf(sha256)}:`,
    'sha-256="',
    "=",
  ])("%p is refused", (header) => {
    const read = () => readContentDigest(new Headers({ "Content-Digest": header }));
    expect(refusalBy(read).situation).toBe("CONTENT_DIGEST_INVALID");
  });

  test("of any length is parsed in linear time", () => {
    for (const part of ["a=1;", "a,", "(a ", '"a', "a=:A", ";a=1"]) {
      expect(() => readDictionary(part.repeat(5000))).not.toThrow();
    }
  });
});

describe("digests of an answer", () => {
  const asked = (headers: Readonly<Record<string, string>>, digest = sha256) =>
    answerDigests(new Headers(headers), digest);

  test.each<[wants: string, given: boolean]>([
    ["sha-256=1", true],
    ["sha-256=10, sha-512=3", true],
    ["sha-512=10, sha-256=1", true],
    ["sha-256=0", false],
    ["sha-512=10", false],
    ["sha-256=11", false],
    ["sha-256=1.5", false],
    ["sha-256", false],
    ["sha-256=x", false],
    ["*", false],
    ["", false],
  ])("requested with %p are %p", (wants, given) => {
    expect(asked({ "Want-Content-Digest": wants })).toEqual({
      always: {},
      whole: given ? { "content-digest": printed256 } : {},
    });
    expect(asked({ "Want-Repr-Digest": wants })).toEqual({
      always: given ? { "repr-digest": printed256 } : {},
      whole: {},
    });
  });

  test("use the algorithm by which the content is known", () => {
    const wants = { "Want-Repr-Digest": "sha-256=9, sha-512=1" };
    expect(asked(wants, sha512).always).toEqual({ "repr-digest": printed512 });
  });

  test("are absent unless requested", () => {
    expect(asked({})).toEqual({ always: {}, whole: {} });
  });
});
