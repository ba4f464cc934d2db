// Requests for buckets, objects and uploads with bytes changed at random, over a plain socket: whatever comes, the server answers
// cleanly or closes, never with an error of its own, and what is stored stays consistent.
import { describe, expect, test } from "bun:test";
import { randomNumbers } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { type RawAnswer, request, talk } from "../support/rawHttp.ts";
import { ask, expectNoLeak, readEnvelope } from "./badInput.ts";
import { bucket, json, keptBytes, object, objectTarget, uploads } from "./badObjectInput.ts";

const target = objectTarget();
const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const rounds = Number(process.env["BREADBOX_FUZZ_ROUNDS"] ?? 600);
const atOnce = 8;

type Random = () => number;

/** Requests that are well formed, and that change nothing which has to stay. */
function wellFormed(upload: string): readonly Buffer[] {
  const sha = `sha-256=:${new Bun.CryptoHasher("sha256").update("x").digest("base64")}:`;
  const list = '{"parts":[{"part_number":1,"etag":"0000000000000000-0"}]}';
  return [
    request("POST /v1/buckets", [json], '{"name":"other"}'),
    request("GET /v1/buckets?limit=2&after=a"),
    request(`GET ${bucket}`),
    request(`GET ${bucket}/objects?prefix=kept%2F&delimiter=%2F&limit=1&after=a`),
    request(`PUT ${bucket}/objects/scratch/a%20b`, [["Content-Digest", sha]], "x"),
    request(
      `PUT ${bucket}/objects/scratch/c`,
      [["Transfer-Encoding", "chunked"]],
      "1\r\nx\r\n0\r\n\r\n",
    ),
    request(
      `PUT ${bucket}/objects/scratch/d`,
      [json],
      '{"from":{"repository":"team/app","digest":"x"}}',
    ),
    request(`GET ${object}`, [
      ["Range", "bytes=0-1,3-4"],
      ["If-Range", '"x"'],
    ]),
    request(`GET ${object}`, [
      ["If-None-Match", '"a", W/"b"'],
      ["Want-Repr-Digest", "sha-256=1"],
    ]),
    request(`DELETE ${bucket}/objects/scratch/none`, [["If-Match", "*"]]),
    request(`POST ${uploads}`, [json], '{"object":"scratch/e","content_type":"text/plain"}'),
    request(`GET ${uploads}?limit=2&prefix=a`),
    request(`PUT ${upload}/parts/77`, [["Content-Digest", sha]], "x"),
    request(`GET ${upload}/parts?limit=1&after=1`),
    request(`POST ${upload}/complete`, [json], list),
    request(`DELETE ${uploads}/0190a0a0-0000-7000-8000-000000000000`),
  ];
}

/** What stands between words: more is broken by one of them than by any letter. */
const sharp = [
  "\r\n",
  "\0",
  "%",
  "%00",
  "/",
  "..",
  '"',
  ":",
  ",",
  "{",
  "[",
  "\\",
  "\xff",
  "\ud83d",
  "-1",
  "99999999999999999999",
];

/** One change at a random place. */
function change(bytes: Buffer, random: Random): Buffer {
  const at = Math.floor(random() * bytes.length);
  const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 12));
  const [before, inside, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, end),
    bytes.subarray(end),
  ];
  const word = Buffer.from(sharp[Math.floor(random() * sharp.length)] ?? "", "latin1");
  switch (Math.floor(random() * 5)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, inside, inside, after]);
    case 2:
      return Buffer.concat([
        before,
        Buffer.from([Math.floor(random() * 256)]),
        bytes.subarray(at + 1),
      ]);
    case 3:
      return Buffer.concat([before, inside.toReversed(), after]);
    default:
      return Buffer.concat([before, word, bytes.subarray(at)]);
  }
}

/** True for a request that would take away or replace what has to stay: its first line still leads there. */
const isForbidden = (bytes: Buffer): boolean =>
  /^(?:PUT|DELETE) \/v1\/buckets\/lab(?:\/objects\/kept| |\?)/.test(bytes.toString("latin1"));

/** A base with up to three changes; null for one that must not be sent. */
function changed(base: Buffer, random: Random): Buffer | null {
  let bytes = base;
  const changes = 1 + Math.floor(random() * 3);
  for (let count = 0; count < changes; count += 1) bytes = change(bytes, random);
  return isForbidden(bytes) ? null : bytes;
}

/** @throws when the answer is not one that a client may get for anything it sends. */
function judge(answer: RawAnswer, sent: string, data: string): void {
  // 505 is the runtime's for a first line without a version that it knows.
  const isClean = answer.status < 500 || answer.status === 505;
  expect([sent, answer.status, isClean]).toEqual([sent, answer.status, true]);
  expectNoLeak(answer, data);
  const isOurs = answer.headers.get("content-type") === "application/json";
  if (answer.status >= 400 && isOurs && answer.body.length > 0) readEnvelope(answer);
}

describe("a request with bytes changed at random", () => {
  test("is answered with a documented status or not at all, and the store stays consistent", async () => {
    console.log(`BREADBOX_TEST_SEED=${seed}`);
    const random = randomNumbers(`${seed}/fuzz`);
    const { port, data, upload } = target();
    const bases = wellFormed(upload);
    const met = new Set<number>();

    const one = async (round: number): Promise<void> => {
      const bytes = changed(bases[round % bases.length] ?? Buffer.alloc(0), random);
      if (bytes === null) return;
      const { answers } = await talk(port, [bytes], { endAfterMs: 100 });
      const sent = `round ${round}: ${JSON.stringify(bytes.toString("latin1"))}`;
      for (const answer of answers) {
        judge(answer, sent, data);
        met.add(answer.status);
      }
    };
    for (let round = 0; round < rounds; round += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, lane) => one(round + lane)));
    }

    console.log(`answered with ${[...met].sort((a, b) => a - b).join(", ")}`);
    expect([...met]).toEqual(expect.arrayContaining([200, 201, 400, 404]));
    const kept = await ask(port, request(`GET ${object}`));
    expect([kept.status, kept.body.toString()]).toEqual([200, keptBytes]);
    expect(await problemsOf(data)).toEqual([]);
  }, 120_000);
});
