// Tag lists and the catalog over the real database: order, pages, hostile positions.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { listRepositories } from "../../src/registry/catalog.ts";
import { listTags } from "../../src/registry/tags.ts";
import { Scope } from "../support/scope.ts";
import { bytes } from "./builders.ts";
import { openWorld, repo, type World } from "./world.ts";

const app = repo("team/app");
const scope = new Scope();
let world: World;
const tags = ["1.0", "1.0.1", "1.10", "A", "_", "a", "latest", "z-9"];

beforeAll(async () => {
  world = await openWorld(scope);
  const body = bytes({ hello: "world" });
  for (const name of tags.toReversed()) await world.put(app, name, body, "application/json");
  for (const name of ["b", "a/z", "a", "a-b"]) {
    await world.put(repo(name), "only", body, "application/json");
  }
});
afterAll(() => scope.close());

const names = async (n: number, last: string | null) => {
  const page = await listTags(world, app, { n, last });
  return { names: page.names.map(String), more: page.more };
};

describe("listTags", () => {
  test("returns tags in byte order", async () => {
    expect(await names(100, null)).toEqual({ names: tags, more: false });
  });

  test("returns all tags in pages of any size, each once", async () => {
    for (let n = 1; n <= tags.length + 1; n += 1) {
      const seen: string[] = [];
      let last: string | null = null;
      for (let more = true; more; ) {
        const page = await names(n, last);
        expect(page.names.length).toBeLessThanOrEqual(n);
        seen.push(...page.names);
        last = page.names.at(-1) ?? last;
        more = page.more;
      }
      expect(seen).toEqual(tags);
    }
  });

  test("starts after a position that need not be a tag", async () => {
    expect(await names(2, "1.0.0")).toEqual({ names: ["1.0.1", "1.10"], more: true });
    expect((await names(9, "zzz")).names).toEqual([]);
  });

  test.each(["", "'", "' OR 1=1 --", "\0", "%", "_%", "ä", "\u{1f600}", "x".repeat(100_000)])(
    "takes %p for a position like any other",
    async (last) => {
      const after = tags.filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(last)) > 0);
      expect((await names(100, last)).names).toEqual(after);
    },
  );

  test("with size 0 is empty, without a next page", async () => {
    expect(await names(0, null)).toEqual({ names: [], more: false });
  });

  test.each([0, 10])("refuses an unknown repository (n=%p)", async (n) => {
    const error = await listTags(world, repo("no/such"), { n, last: null }).catch(
      (e: unknown) => e,
    );
    if (!(error instanceof RegistryError)) throw new Error("not refused");
    expect(error.situation).toBe("NAME_UNKNOWN");
    expect(error.message).toBe("no repository named no/such");
  });
});

describe("listRepositories", () => {
  test("returns names in byte order, in pages", async () => {
    const all = ["a", "a-b", "a/z", "b", "team/app"];
    const page = async (n: number, last: string | null) => {
      const { names: found, more } = await listRepositories(world, { n, last });
      return [found.map(String), more];
    };
    expect(await page(100, null)).toEqual([all, false]);
    expect(await page(2, null)).toEqual([["a", "a-b"], true]);
    expect(await page(3, "a-b")).toEqual([["a/z", "b", "team/app"], false]);
    expect(await page(0, null)).toEqual([[], false]);
  });
});
