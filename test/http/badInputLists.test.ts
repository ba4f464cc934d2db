// Page sizes and positions that no client should ask for, and byte ranges of blobs, over a plain socket.
import { describe, expect, test } from "bun:test";
import { request } from "../support/rawHttp.ts";
import {
  ask,
  type BadInput,
  expectNoLeak,
  layer,
  layerDigest,
  manifestDigest,
  refuses,
  repository,
  stored,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const lists = [`/v2/${repository}/tags/list`, "/v2/_catalog"];

describe("page sizes", () => {
  const sizes = [
    "-1",
    "NaN",
    "1e999",
    "1.5",
    "0x10",
    "+1",
    "",
    "-99999999999",
    "%20",
    "1%00",
    "one",
    "[]",
  ];
  refuses(
    target,
    lists.flatMap((path) => [
      ...sizes.map(
        (n): BadInput => ({
          what: `${path}?n=${n}`,
          send: request(`GET ${path}?n=${n}`),
          status: 400,
          code: "PAGINATION_NUMBER_INVALID",
        }),
      ),
      {
        what: `${path} with two sizes`,
        send: request(`GET ${path}?n=1&n=2`),
        status: 400,
        code: "PAGINATION_NUMBER_INVALID",
      },
    ]),
  );

  const referrers = `/v2/${repository}/referrers/${manifestDigest}`;
  const large = ["100000000", "2147483647", "99999999999", "9".repeat(30)];
  test.each([...lists, referrers].flatMap((path) => large.map((n) => [n, path] as const)))(
    "a size of %s is answered with one page of %s",
    async (n, path) => {
      const answer = await ask(target().port, request(`GET ${path}?n=${n}`));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("link")).toBeUndefined();
    },
  );
});

describe("list positions", () => {
  const positions = [
    "%00",
    "%27%20OR%201%3D1--",
    "%25",
    "%ff%fe",
    "%",
    "%zz",
    "..%2f..%2fetc%2fpasswd",
    "%0d%0aSet-Cookie:%20x",
    "%3Cscript%3E",
    "%F0%9F%98%80",
    "x".repeat(8000),
  ];
  for (const path of lists) {
    for (const last of positions) {
      test(`${path} after ${last.slice(0, 40)} is a page, and sets no header of the client's choice`, async () => {
        const before = await stored(target());

        const answer = await ask(target().port, request(`GET ${path}?n=1&last=${last}`));

        expect(answer.status).toBe(200);
        expect(answer.headers.get("content-type")).toBe("application/json");
        expect(JSON.parse(answer.body.toString("utf8"))).toBeObject();
        expect(answer.headers.get("set-cookie")).toBeUndefined();
        expectNoLeak(answer, target().data);
        expect(await stored(target())).toEqual(before);
      });
    }
  }
});

describe("byte ranges", () => {
  const path = `/v2/${repository}/blobs/${layerDigest}`;
  const size = layer.byteLength;
  const whole = Buffer.from(layer);
  const ranges: readonly [string, number, Buffer | null, string | null][] = [
    ["bytes=0-0", 206, whole.subarray(0, 1), `bytes 0-0/${size}`],
    ["bytes=5-9", 206, whole.subarray(5, 10), `bytes 5-9/${size}`],
    ["bytes=5-", 206, whole.subarray(5), `bytes 5-${size - 1}/${size}`],
    ["bytes=-5", 206, whole.subarray(size - 5), `bytes ${size - 5}-${size - 1}/${size}`],
    [`bytes=0-${size * 2}`, 206, whole, `bytes 0-${size - 1}/${size}`],
    [`bytes=-${size * 2}`, 206, whole, `bytes 0-${size - 1}/${size}`],
    [`bytes=${size}-`, 416, null, `bytes */${size}`],
    [`bytes=${size + 5}-${size + 9}`, 416, null, `bytes */${size}`],
    ["bytes=99999999999999999999-", 416, null, `bytes */${size}`],
    ["bytes=9-5", 416, null, null],
    ["bytes=-0", 416, null, null],
    ["bytes=0-0,2-2", 206, null, null],
    ["bytes=0-4,2-9", 206, whole.subarray(0, 10), `bytes 0-9/${size}`],
    ["bytes=,0-0,,", 206, whole.subarray(0, 1), `bytes 0-0/${size}`],
    [`bytes=${size}-,-0,9-5`, 416, null, `bytes */${size}`],
    ["bytes=0-0,x", 200, whole, null],
    ["bytes=0-0;2-2", 200, whole, null],
    ["bytes=0-0,2-2,\u00e9", 200, whole, null],
    [`bytes=${"0-,".repeat(1000)}0-`, 206, whole, `bytes 0-${size - 1}/${size}`],
    ["bytes=a-b", 200, whole, null],
    ["bytes=", 200, whole, null],
    ["bytes", 200, whole, null],
    ["lines=0-1", 200, whole, null],
    ["bytes=1-2-3", 200, whole, null],
    ["bytes=--5", 200, whole, null],
    [`bytes=${"0-0,".repeat(2000)}0-0`, 200, whole, null],
  ];
  test.each(ranges)("Range %s is answered with %p", async (range, status, body, contentRange) => {
    const answer = await ask(target().port, request(`GET ${path}`, [["Range", range]]));

    expect(answer.status).toBe(status);
    if (body !== null) expect(answer.body.equals(body)).toBe(true);
    if (contentRange !== null) expect(answer.headers.get("content-range")).toBe(contentRange);
    expectNoLeak(answer, target().data);
  });

  test.each(ranges)(
    "HEAD with Range %s has no body and leaves the connection usable",
    async (range) => {
      const head = request(`HEAD ${path}`, [["Range", range]]);
      const answer = await ask(target().port, head, { head: true });
      expect([200, 206, 416]).toContain(answer.status);
    },
  );
});
