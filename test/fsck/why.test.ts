// Why something is kept, where a command line would be the long way round.
import { describe, expect, test } from "bun:test";
import { explainContent } from "../../src/fsck/why.ts";
import { readDigest } from "../../src/model/digest.ts";
import { readImage } from "../../src/registry/imageNames.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { now as contractNow, finish } from "../contract/metadataRows.ts";
import { app, hour, lease, openGcRoom, other } from "../gc/gcRoom.ts";
import { Scope } from "../support/scope.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { clock, rooms } = room.store;
  const metadata = rooms.metadata.usage;
  const deps = { metadata, clock: clock.now, minAgeMs: 3 * hour, readImage };
  const why = async (text: string) => {
    const answer = await explainContent(deps, text);
    return answer.kind === "explained" ? answer.explanation : null;
  };
  return { ...room, deps, why };
}

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
}

describe("why", () => {
  test("lists both digests that share a prefix, with enough characters to tell them apart", async () => {
    await using scope = new Scope();
    const { store, deps } = await openRoom(scope);
    const digests = ["1", "2"].map((last) => readDigest(`sha256:${"a".repeat(63)}${last}`));
    for (const digest of digests) {
      if (digest === null) throw new Error("no digest");
      await store.rooms.metadata.uploads.finishUpload(finish("x", { digest, now: contractNow }));
    }

    expect(await explainContent(deps, "a".repeat(8))).toEqual({
      kind: "ambiguous",
      digests: digests.flatMap((digest) => digest ?? []),
    });
    expect(await explainContent(deps, `${"a".repeat(63)}2`)).toMatchObject({
      explanation: { digest: digests[1] },
    });
    expect(await explainContent(deps, "aaaaaaa")).toEqual({ kind: "malformed" });
    expect(await explainContent(deps, "bbbbbbbb")).toEqual({ kind: "unknown" });
  });

  test("names an untagged manifest as what keeps its content, in its own repository only", async () => {
    await using scope = new Scope();
    const { why, pushImage, push } = await openRoom(scope);
    const image = await pushImage(["layer"], other);
    const layer = await push("layer", app);

    expect(await why(layer)).toMatchObject({
      chains: [{ repository: other, tags: [], manifests: [{ digest: image }] }],
      links: [app, other],
      garbage: null,
    });
  });

  test("names a running push, for at most a day after the lease", async () => {
    await using scope = new Scope();
    const { why, push, plan, store } = await openRoom(scope);
    const { uploads } = store.rooms;
    const { now } = store.clock;
    const began = now();
    const layer = await push("layer");
    const { id } = await startUpload(uploads, app);
    const told: unknown[] = [];
    for (const until of [lease - 1, 5 * hour, 24 * hour + lease - 1, 24 * hour + lease]) {
      while (now() < began + until) {
        store.clock.advance(Math.min(hour / 2, began + until - now()));
        const chunk = { body: oneByte(), start: null, end: null, length: 1 };
        await appendChunk(uploads, { repository: app, id, chunk });
      }
      const explained = await why(layer);
      const isGarbage = (await plan()).some(({ digest }) => digest === layer);
      expect(isGarbage).toBe((explained?.garbage ?? null) !== null);
      told.push(explained?.push);
    }

    const going = { repository: app, since: began, until: began + lease + 24 * hour };
    expect(told).toEqual([null, going, going, null]);
  });

  test("counts the age of unused content from its last reference", async () => {
    await using scope = new Scope();
    const { why, pushImage, push, deleteImage, store } = await openRoom(scope);
    const pushedAt = store.clock.now();
    const image = await pushImage(["layer"]);
    const layer = await push("layer");
    expect(await why(layer)).toMatchObject({ leasedUntil: pushedAt + lease, garbage: null });
    store.clock.advance(2 * hour);
    await deleteImage(image);
    store.clock.advance(1);

    expect(await why(layer)).toMatchObject({
      chains: [],
      leasedUntil: null,
      garbage: { since: pushedAt + 2 * hour, deletableFrom: pushedAt + 3 * hour },
    });
  });
});
