// Mounts over the real ports: from where a blob may come, and what has to be uploaded all the same.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { longestLease } from "../../src/content/lease.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { RepositoryName } from "../../src/model/names.ts";
import { openBlob } from "../../src/registry/blobs.ts";
import { deleteBlob } from "../../src/registry/deletions.ts";
import { mountBlob } from "../../src/registry/mounts.ts";
import { Scope } from "../support/scope.ts";
import { bytes, digestFor } from "./builders.ts";
import { leaseMs, openWorld, repo, type World } from "./world.ts";

const app = repo("team/app");
const other = repo("team/other");
const hidden = repo("secret/app");
let scope: Scope;
let world: World;
let digest: Digest;

beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
  digest = await world.push(other, bytes("layer"));
});
afterEach(() => scope.close());

const mayPull = (name: RepositoryName) => name !== hidden;
const mount = (from: RepositoryName | null, what = digest) =>
  mountBlob(world, { repository: app, digest: what, from, mayPull });

describe("a mount", () => {
  test.each([
    ["from the repository that holds the blob", other],
    ["from any repository", null],
  ])("%s links it and keeps it for a lease", async (_, from) => {
    world.advance(10 * leaseMs);

    expect(await mount(from)).toBe(5);

    expect((await openBlob(world, app, digest)).size).toBe(5);
    expect(await world.keptUntil(digest)).toBe(world.clock() + longestLease(leaseMs));
  });

  test("is kept when its source repository loses the blob", async () => {
    await mount(other);
    await deleteBlob(world, other, digest);

    expect((await openBlob(world, app, digest)).size).toBe(5);
  });

  test("fails when the source repository lacks the blob, though another one has it", async () => {
    expect(await mount(repo("elsewhere"))).toBeNull();
    expect(await mount(app)).toBeNull();
  });

  test("from any repository looks at 5000 holders at the most", async () => {
    let looked = 0;
    const many = Array.from({ length: 1000 }, () => hidden);
    const contents = {
      ...world.contents,
      listHolders: async () => {
        looked += many.length;
        return many;
      },
    };
    const asked = { repository: app, digest, from: null, mayPull };

    expect(await mountBlob({ ...world, contents }, asked)).toBeNull();
    expect(looked).toBe(5000);
  });

  test("fails for a source repository without pull permission", async () => {
    const secret = await world.push(hidden, bytes("secret layer"));

    expect(await mount(hidden, secret)).toBeNull();
    expect(await mount(null, secret)).toBeNull();
    expect(await world.metadata.findBlob(app, secret)).toBeNull();

    await world.push(other, bytes("secret layer"));
    expect(await mount(hidden, secret)).toBeNull();
    expect(await mount(null, secret)).toBe(12);
  });

  test("fails for unknown content", async () => {
    expect(await mount(null, digestFor("nothing"))).toBeNull();
  });

  test("fails for damaged content, and reports it", async () => {
    const locator = await world.locatorOf(other, digest);
    await world.shorten(locator);

    expect(await mount(other)).toBeNull();
    expect(await mount(null)).toBeNull();
    expect(world.damaged).toEqual([
      { digest, locator },
      { digest, locator },
    ]);
    expect(await world.metadata.findBlob(app, digest)).toBeNull();
  });
});
