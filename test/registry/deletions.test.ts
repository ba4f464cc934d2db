// Deletions over the real ports: what a client still finds, what forbids them, and when content was released.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import type { Digest } from "../../src/model/digest.ts";
import { openBlob, statBlob } from "../../src/registry/blobs.ts";
import { deleteBlob, deleteManifest } from "../../src/registry/deletions.ts";
import { getManifest } from "../../src/registry/manifests.ts";
import { Scope } from "../support/scope.ts";
import { bytes, digestFor, image } from "./builders.ts";
import { openWorld, ref, repo, type World } from "./world.ts";

const app = repo("team/app");
const other = repo("team/other");
let scope: Scope;
let world: World;

beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
});
afterEach(() => scope.close());

/** Pushes the image under a tag. @returns the manifest's digest. */
async function pushImage(name = app, tag = "latest"): Promise<Digest> {
  for (const text of ["config", "layer one", "layer two"]) await world.push(name, bytes(text));
  return (await world.put(name, tag, bytes(image()))).digest;
}

/** What a promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof RegistryError)) throw new Error(`not refused: ${error}`);
  return error;
}

function releasedAt(digest: Digest): number | null {
  using database = new Database(world.database, { readonly: true });
  const row = database
    .query<{ at: number | null }, [string]>(
      "SELECT released_at AS at FROM contents WHERE digest = ?",
    )
    .get(digest);
  return row?.at ?? null;
}

describe("deleteManifest", () => {
  test("deletes one tag and keeps the manifest", async () => {
    const digest = await pushImage();

    expect(await deleteManifest(world, app, ref("latest"))).toMatchObject({ digest, tags: 1 });

    expect((await refusal(getManifest(world, app, ref("latest")))).situation).toBe(
      "MANIFEST_UNKNOWN",
    );
    expect((await getManifest(world, app, ref(digest))).digest).toBe(digest);
    expect(releasedAt(digestFor("config"))).toBeNull();
  });

  test("deletes a manifest with its tags, and records when its references were released", async () => {
    const digest = await pushImage();
    await world.put(app, "1.0", bytes(image()));
    world.advance(5000);

    expect(await deleteManifest(world, app, ref(digest))).toMatchObject({ digest, tags: 2 });

    for (const reference of ["latest", "1.0", digest]) {
      expect((await refusal(deleteManifest(world, app, ref(reference)))).message).toBe(
        `team/app has no manifest ${reference === digest ? digest : `tag ${reference}`}`,
      );
    }
    for (const text of ["config", "layer one", "layer two"]) {
      expect(releasedAt(digestFor(text))).toBe(world.clock());
    }
  });

  test("is refused while an immutable pattern matches a tag, with the names of both", async () => {
    const digest = await pushImage(app, "locked-1");
    await world.put(app, "latest", bytes(image()));

    for (const reference of ["locked-1", digest]) {
      const { situation, message, detail } = await refusal(
        deleteManifest(world, app, ref(reference)),
      );
      expect(situation).toBe("TAG_IMMUTABLE");
      expect(message).toContain("team/app:locked-1 is immutable: the pattern locked* of");
      expect(detail).toMatchObject({ tag: "locked-1", pattern: "locked*" });
    }
    expect((await getManifest(world, app, ref("locked-1"))).digest).toBe(digest);
    await deleteManifest(world, app, ref("latest"));
  });
});

describe("deleteBlob", () => {
  test("deletes a blob from one repository, and others still serve it", async () => {
    const digest = await world.push(app, bytes("layer"));
    await world.push(other, bytes("layer"));

    await deleteBlob(world, app, digest);

    for (const look of [openBlob, statBlob]) {
      expect((await refusal(look(world, app, digest))).situation).toBe("BLOB_UNKNOWN");
      expect((await look(world, other, digest)).size).toBe(5);
    }
    expect((await refusal(deleteBlob(world, app, digest))).message).toBe(
      `team/app has no blob ${digest}`,
    );
  });

  test("is refused while a manifest refers to it, with that manifest's digest", async () => {
    const manifest = await pushImage();
    const digest = digestFor("layer one");

    const tagged = await refusal(deleteBlob(world, app, digest));
    expect(tagged.situation).toBe("BLOB_IN_USE");
    expect(tagged.message).toContain(`the manifest ${manifest} (tag latest) refers to this blob`);
    expect(tagged.detail).toEqual({ digest, manifest, tag: "latest" });

    await deleteManifest(world, app, ref("latest"));
    expect((await refusal(deleteBlob(world, app, digest))).detail).toEqual({ digest, manifest });

    await deleteManifest(world, app, ref(manifest));
    await deleteBlob(world, app, digest);
  });

  test("is allowed in the repository that lost the manifest, while another one has it", async () => {
    const manifest = await pushImage();
    await pushImage(other);

    await deleteManifest(world, app, ref(manifest));
    await deleteBlob(world, app, digestFor("config"));

    expect((await refusal(deleteBlob(world, other, digestFor("config")))).situation).toBe(
      "BLOB_IN_USE",
    );
  });
});
