// Bun's router and its `request.url` have to read one target in their two ways, or nothing tells what was sent: an upgrade of Bun
// that resolves paths before its router reads them fails here.
import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { splitUrl } from "../../src/http/router.ts";
import { isAsSent, sentPathRoutes } from "../../src/http/sentPath.ts";
import { request, talk } from "../support/rawHttp.ts";

const judge = (request: Request, sent: Parameters<typeof isAsSent>[1]): Response =>
  Response.json(isAsSent(splitUrl(request.url).path, sent));
const server = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0, development: false },
  routes: sentPathRoutes((request, _, sent) => judge(request, sent)),
  fetch: (request) => judge(request, null),
});
afterAll(() => server.stop(true));

/** What the server says of each target: true when it is used as it was sent. */
async function ask(targets: readonly string[]): Promise<boolean[]> {
  const sent = targets.map((target) => request(`GET ${target}`));
  const { answers } = await talk(server.port ?? 0, sent, { answers: targets.length });
  return answers.map(({ body }) => body.toString() === "true");
}

/** What makes paths hard to read, and what only looks like it. */
const pieces = [
  "/",
  "/",
  "\\",
  ".",
  "..",
  "%2e",
  "%2E",
  "%5c",
  "%2f",
  "%25",
  ";",
  "...",
  "a",
  "b.c",
  "%c3%a9",
];
const targets = fc.array(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => `/${all.join("")}`),
  { minLength: 1, maxLength: 20 },
);

describe("isAsSent", () => {
  test("is true for exactly the paths that the URL parser leaves unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(targets, async (all) => {
        const expected = all.map((sent) => {
          const { pathname } = new URL(`http://host${sent}`);
          // Empty segments are refused by whoever reads the path, if they are still there.
          return sent.includes("//") ? pathname.includes("//") : pathname === sent;
        });
        expect(await ask(all)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test.each([1, 2, 31, 32, 33, 97, 98, 99, 100, 300])("works for %d segments", async (count) => {
    const path = "/a".repeat(count);
    expect(await ask([path, `${path}/`, `/b/..${path}`, `/.${path}`, `/b\\..${path}`])).toEqual([
      ...[true, true],
      ...[false, false, false],
    ]);
  });
});
