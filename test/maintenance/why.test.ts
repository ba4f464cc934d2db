// Why something is kept, where a command line would be the long way round.
import { describe, expect, test } from "bun:test";
import { readDigest } from "../../src/content/digest.ts";
import { explainContent } from "../../src/maintenance/why.ts";
import { now as contractNow, finish } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { app, hour, lease, openGcRoom, other } from "./gcRoom.ts";

async function openRoom(scope: Scope) {
  const room = await openGcRoom();
  scope.defer(() => room.store.remove());
  const { clock, rooms } = room.store;
  const deps = { metadata: rooms.metadata.keepers, clock: clock.now, minAgeMs: 3 * hour };
  const why = async (text: string) => {
    const answer = await explainContent(deps, text);
    return answer.kind === "explained" ? answer.explanation : null;
  };
  return { ...room, deps, why };
}

describe("why", () => {
  test("two digests that begin alike are told apart by more of them", async () => {
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

  test("an untagged manifest keeps what it names, in its own repository", async () => {
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

  test("garbage counts from the last thing that kept it, and goes when it is old enough", async () => {
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
