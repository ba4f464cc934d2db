// Rows in memory over PostgreSQL: what any replica has written ends them, and nothing else does.
import { describe, expect, test } from "bun:test";
import { Freshness } from "../../src/metadata/postgres/freshness.ts";
import { backups, findRow, object, put } from "../contract/metadataObjectRows.ts";
import { app, bytes, digest, finish, manifest, now, tag } from "../contract/metadataRows.ts";
import { nextTurn } from "../support/nextTurn.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openAt } from "./postgresDatabase.ts";

describe("a version of the database", () => {
  /** Questions that the test answers. */
  function questions() {
    const asked: PromiseWithResolvers<unknown>[] = [];
    const freshness = new Freshness(() => {
      const question = Promise.withResolvers<unknown>();
      asked.push(question);
      return question.promise;
    });
    const turn = async () => {
      for (let turns = 0; turns < 2; turns += 1) {
        await nextTurn();
      }
    };
    return { asked, freshness, turn };
  }

  test("is asked for once by all who call before the question is sent", async () => {
    const { asked, freshness, turn } = questions();
    const both = Promise.all([freshness.version(), freshness.version()]);
    await turn();
    asked[0]?.resolve("a");

    expect(await both).toEqual(["a", "a"]);
    expect(asked).toHaveLength(1);
  });

  test("is asked for again by who calls after it was sent, when it is answered, also with an error", async () => {
    const { asked, freshness, turn } = questions();
    const first = freshness.version().catch(() => "failed");
    await turn();
    const later = Promise.all([freshness.version(), freshness.version()]);
    await turn();
    const before = asked.length;
    asked[0]?.reject(new Error("lost"));
    await turn();
    asked[1]?.resolve("b");

    expect([before, await first, await later]).toEqual([1, "failed", ["b", "b"]]);
  });
});

describeOnPostgres("on PostgreSQL", (server) => {
  const latest = { tag: tag("latest") };

  test("a tag that one server has moved is moved for the others, at once and every time", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("moved");
    const [one, two] = [await openAt(inner, url), await openAt(inner, url)].map(
      ({ metadata }) => metadata.registry,
    );

    for (let round = 0; round < 50; round += 1) {
      const put = manifest(`image ${round}`, { tags: [latest.tag] });
      await one?.putManifest(put);
      const seen = await Promise.all([
        two?.findManifest(app, latest),
        two?.findManifestSummary(app, latest),
        one?.findManifest(app, latest),
      ]);
      expect(seen.map((found) => found?.digest)).toEqual([put.digest, put.digest, put.digest]);
    }
  }, 60_000);

  test("a manifest is read once while nobody writes", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("unchanged");
    const { metadata } = await openAt(inner, url);
    await metadata.registry.putManifest(manifest("image", { tags: [latest.tag] }));
    await metadata.registry.findManifest(app, latest);
    const found = [];
    for (let time = 0; time < 20; time += 1) {
      found.push(await metadata.registry.findManifest(app, latest));
    }

    // The same bytes, not some like them.
    expect(new Set(found.map((each) => each?.body)).size).toBe(1);
    expect(found[0]?.body).toEqual(bytes("image"));
  });

  test("the row of a blob is read once while nobody writes, for pulls and for pushers", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("blobs");
    const { uploads, registry, contents } = (await openAt(inner, url)).metadata;
    await uploads.finishUpload(finish("layer", { keptUntil: now }));
    const asked = { repository: app, digest: digest("layer"), atLeast: now, keptUntil: now };
    const look = () => [registry.findBlob(app, asked.digest), contents.keepBlob(asked)];
    const [first, second] = [await Promise.all(look()), await Promise.all(look())];

    expect(second.map((row, at) => row !== null && row === first[at])).toEqual([true, true]);
  });

  test("an object that one server has replaced or deleted is so for the others, at once and every time", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("objects");
    const [one, two] = [await openAt(inner, url), await openAt(inner, url)];
    await one.metadata.objects.createBucket(backups, now);
    const look = (from: typeof one) => from.metadata.objects.findObject(backups, object("a"));

    for (let round = 0; round < 20; round += 1) {
      await put(one.metadata, "a", `object ${round}`);
      const replaced = await Promise.all([look(two), look(one)]);
      const removal = { bucket: backups, object: object("a"), allows: () => true, now };
      if (round % 2 === 0) await one.metadata.objects.removeObject(removal);
      const removed = await look(two);

      const isNow = { object: { digest: digest(`object ${round}`) } };
      for (const each of replaced) expect(each).toMatchObject(isNow);
      expect(removed.kind).toBe(round % 2 === 0 ? "objectUnknown" : "found");
    }
  }, 60_000);

  test("the row of an object is read once while nobody writes", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("object");
    const { metadata } = await openAt(inner, url);
    await metadata.objects.createBucket(backups, now);
    await put(metadata, "a", "one");
    const look = () => findRow(metadata, "a");
    const [first, second] = [await look(), await look()];

    expect(first).not.toBeNull();
    expect(second === first).toBeTrue();
  });

  test("nothing is kept over a restart of the server", async () => {
    await using inner = new Scope();
    const url = await server().createDatabase("kept");
    const { metadata } = await openAt(inner, url, { patienceMs: 20_000 });
    await metadata.registry.putManifest(manifest("image", { tags: [latest.tag] }));
    const before = await metadata.registry.findManifest(app, latest);
    await server().kill();
    await server().restart();
    const after = await metadata.registry.findManifest(app, latest);

    expect(after).toEqual(before);
    expect(after?.body).not.toBe(before?.body);
  }, 60_000);
});
