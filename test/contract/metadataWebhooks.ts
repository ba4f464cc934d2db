// Contract of the outbox of webhooks: an event is written with the change that it is about, and stays until it is delivered or given up.

import { describe, expect, test } from "bun:test";
import type { Author } from "../../src/metadata/audit.ts";
import type { BackupRun } from "../../src/metadata/backups.ts";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { HookRule } from "../../src/model/hookEvents.ts";
import { backups, builds } from "./metadataObjectRows.ts";
import { app, blob, finish, manifest, now, other, tag } from "./metadataRows.ts";

const ann: Author = { who: "user:ann", address: "10.0.0.7", requestId: "r-1" };
const all: HookRule = {
  name: "all",
  topics: ["push", "tag.move", "delete", "collection", "backup", "objects"],
  repositories: ["**"],
};
const free = () => null;
const long = 86_400_000;

/** Hook, event, resource and data of everything that is due, in order. */
async function due({ webhooks }: Metadata, hook = "all") {
  const found = await webhooks.listDue(hook, now + long, 100);
  return found.map(({ event, resource, data }) => ({ event, resource, ...JSON.parse(data) }));
}

/** Part of `metadataContract`. */
export function webhooksContract(open: () => Promise<Metadata>): void {
  const one = manifest("one", { references: [blob("layer")] });
  const two = manifest("two", { references: [blob("layer")] });
  const openWithLayer = async (rules: readonly HookRule[]) => {
    const metadata = await open();
    metadata.webhooks.setHooks(rules);
    await metadata.uploads.finishUpload(finish("layer"));
    const push = (it: typeof one, ...tags: readonly string[]) =>
      metadata.registry.putManifest({ ...it, by: ann, tags: tags.map(tag) });
    return { metadata, push };
  };

  describe("the outbox", () => {
    test("gets an event of each push, of each tag that moves with both digests, and of each deletion", async () => {
      const { metadata, push } = await openWithLayer([all]);
      await push(one, "v1", "latest");
      await push(two, "latest");
      const removal = { repository: app, digest: two.digest, immutable: free, now, by: ann };
      await metadata.registry.removeManifest(removal);

      const by = { actor: "user:ann", address: "10.0.0.7", request_id: "r-1" };
      const about = { resource: app, repository: app, ...by };
      const pushed = { media_type: one.mediaType, size: one.body.byteLength };
      const first = { ...about, ...pushed, digest: one.digest, previous_digest: null };
      const second = { ...about, ...pushed, digest: two.digest, previous_digest: one.digest };
      const gone = { ...about, digest: two.digest, previous_digest: null };
      const nothing = { media_type: null, size: null };
      const found = await due(metadata);
      expect(found.toSorted((a, b) => order(a) - order(b))).toEqual([
        { event: "push", tag: "v1", ...first },
        { event: "push", tag: "latest", ...first },
        { event: "push", tag: "latest", ...second, size: two.body.byteLength },
        { event: "tag.move", tag: "latest", ...second, size: two.body.byteLength },
        { event: "tag.delete", tag: "latest", ...gone, ...nothing },
        { event: "manifest.delete", tag: null, ...gone, ...nothing },
      ]);

      function order({ event, tag, previous_digest }: (typeof found)[number]): number {
        const events = ["push", "tag.move", "tag.delete", "manifest.delete"];
        const isSecond = previous_digest === null ? 0 : 2;
        return events.indexOf(event) * 10 + isSecond + (tag === "latest" ? 1 : 0);
      }
    });

    test("gets nothing of what failed, of what changed nothing, and of what its author is not known", async () => {
      const { metadata, push } = await openWithLayer([all]);
      await push(manifest("lost", { references: [blob("missing")] }), "v1");
      await metadata.registry.putManifest({ ...one, by: null, tags: [tag("v1")] });
      const unknown = { repository: other, tag: tag("v1"), immutable: free, now, by: ann };
      await metadata.registry.removeTag(unknown);

      expect(await due(metadata)).toEqual([]);
    });

    test("gets what a webhook asks for, of the repositories that it asks for", async () => {
      const { metadata, push } = await openWithLayer([
        { name: "deletions", topics: ["delete"], repositories: ["**"] },
        { name: "elsewhere", topics: ["push"], repositories: ["none/**"] },
        { name: "here", topics: ["push"], repositories: ["none/**", app] },
      ]);
      await push(one, "v1");

      expect(await due(metadata, "deletions")).toEqual([]);
      expect(await due(metadata, "elsewhere")).toEqual([]);
      expect((await due(metadata, "here")).map(({ event }) => event)).toEqual(["push"]);
    });

    test("gets nothing where nobody listens", async () => {
      const { metadata, push } = await openWithLayer([]);
      await push(one, "v1");

      expect(await metadata.webhooks.countEvents()).toEqual([]);
    });

    test("gets events of buckets and of collections", async () => {
      const { metadata } = await openWithLayer([all]);
      await metadata.objects.createBucket(backups, now, ann);
      await metadata.objects.createBucket(builds, now);
      const id = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
      await metadata.gcRuns.beginRun({ id, trigger: "api", dryRun: false, startedAt: now });
      const counts = { ...noCounts, deletedBlobs: 2, deletedBytes: 30 };
      const ended = { state: "done", counts, reason: null, finishedAt: now } as const;
      await metadata.gcRuns.endRun(id, ended);

      const found = (await due(metadata)).toSorted((a, b) => a.event.localeCompare(b.event));
      expect(found).toMatchObject([
        { event: "bucket.create", resource: `bucket:${backups}`, bucket: backups, actor: ann.who },
        { event: "collection", resource: "", run_id: id, deleted_blobs: 2, deleted_bytes: 30 },
      ]);
    });

    test("gets how each backup ended, and what it brought", async () => {
      const { metadata } = await openWithLayer([all]);
      const run: Omit<BackupRun, "id" | "state" | "reason"> = {
        ...{ trigger: "schedule", target: "https://boxes.example/backups" },
        ...{ startedAt: now, finishedAt: now, contents: 3, bytes: 300, addedBytes: 100 },
      };
      const reasons = { done: null, incomplete: "2 contents are lost", failed: "no space left" };
      for (const state of ["done", "incomplete", "failed"] as const) {
        await metadata.backups.recordBackup({ ...run, id: state, state, reason: reasons[state] });
      }

      const found = (await due(metadata)).toSorted((a, b) => a.state.localeCompare(b.state));
      expect(found).toMatchObject([
        { event: "backup.succeeded", resource: "", state: "done", run_id: "done", reason: null },
        { event: "backup.failed", state: "failed", reason: reasons.failed, target: run.target },
        { event: "backup.failed", state: "incomplete", reason: reasons.incomplete },
      ]);
      expect(found[0]).toMatchObject({ contents: 3, bytes: 300, added_bytes: 100 });
    });

    test("holds an event until it is delivered, and a failed one until it is due again", async () => {
      const { metadata } = await openWithLayer([all]);
      const { webhooks } = metadata;
      const add = () => webhooks.addEvent({ hook: "all", event: "test", at: now, data: "{}" });
      const [first, second] = [await add(), await add()];
      const ids = async (at: number) => (await webhooks.listDue("all", at, 10)).map(({ id }) => id);
      expect(await ids(now - 1)).toEqual([]);
      expect(await ids(now)).toEqual([first, second]);

      await webhooks.failEvent(first, { reason: "status 500", now, next: now + 1000 });
      expect(await ids(now)).toEqual([second]);
      expect(await ids(now + 1000)).toEqual([second, first]);
      expect(await webhooks.findWaiting(first)).toMatchObject({
        attempts: 1,
        reason: "status 500",
      });

      await webhooks.removeEvent(second);
      expect(await webhooks.findWaiting(second)).toBeNull();
      expect(await webhooks.countEvents()).toEqual([
        { hook: "all", waiting: 1, dead: 0, oldestAt: now },
      ]);
    });

    test("keeps what was given up as a dead letter, until it is to be sent again", async () => {
      const { metadata } = await openWithLayer([all]);
      const { webhooks } = metadata;
      const add = () => webhooks.addEvent({ hook: "all", event: "test", at: now, data: "{}" });
      const [first, second] = [await add(), await add()];
      for (const id of [first, second]) {
        await webhooks.failEvent(id, { reason: "status 410", now: now + 5, next: null });
      }
      const dead = await webhooks.listDead("all", { after: null, limit: 1 });
      expect(dead).toMatchObject([{ id: first, reason: "status 410", endedAt: now + 5 }]);
      expect(await webhooks.listDead("all", { after: first, limit: 9 })).toMatchObject([
        { id: second },
      ]);
      expect(await webhooks.listDue("all", now + long, 10)).toEqual([]);
      expect(await webhooks.findWaiting(first)).toBeNull();

      expect(await webhooks.retryDead("other", null, now + 9)).toBe(0);
      expect(await webhooks.retryDead("all", second, now + 9)).toBe(1);
      expect(await webhooks.listDue("all", now + 9, 10)).toMatchObject([
        { id: second, attempts: 0, at: now, since: now + 9 },
      ]);
      expect(await webhooks.retryDead("all", null, now + 9)).toBe(1);
      expect(await webhooks.countEvents()).toMatchObject([{ waiting: 2, dead: 0 }]);
    });

    test("stays within its bounds: the oldest is given up, and the oldest dead letter deleted", async () => {
      const { metadata } = await openWithLayer([all]);
      const { webhooks } = metadata;
      const ids: string[] = [];
      for (let count = 0; count < 5; count += 1) {
        const at = now + count;
        ids.push(await webhooks.addEvent({ hook: "all", event: "test", at, data: "{}" }));
      }
      const latestDue = now + long;
      const limits = { mostWaiting: 2, mostDead: 2, before: 0, now: now + long, latestDue };
      expect(await webhooks.trimOutbox(limits)).toMatchObject({ givenUp: 3, deleted: 1 });

      const waiting = await webhooks.listDue("all", now + long, 10);
      expect(waiting.map(({ id }) => id)).toEqual(ids.slice(3));
      expect(await webhooks.trimOutbox(limits)).toMatchObject({ givenUp: 0, deleted: 0 });
      expect(await webhooks.trimOutbox({ ...limits, before: now + 10 })).toMatchObject({
        ...{ givenUp: 0, deleted: 4 },
      });
    });

    test("what was written at a clock that was ahead is due when the clock is set right", async () => {
      const { webhooks } = await open();
      const add = (at: number) => webhooks.addEvent({ hook: "all", event: "test", at, data: "{}" });
      const early = await add(now + 100);
      const ahead = await add(now + 5_000);
      const limits = { mostWaiting: 9, mostDead: 9, before: 0, now, latestDue: now + 100 };

      expect(await webhooks.trimOutbox(limits)).toEqual({ givenUp: 0, deleted: 0, hastened: 1 });

      const [due] = await webhooks.listDue("all", now, 9);
      expect(due).toMatchObject({ id: ahead, since: now });
      expect((await webhooks.listDue("all", now + 100, 9)).map(({ id }) => id)).toEqual([
        ...[ahead, early],
      ]);
    });
  });
}
