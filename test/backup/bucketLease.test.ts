// One backup of a bucket at a time, on whichever machines: who holds the lease, who is gone, and what one does that was held up.
import { afterAll, describe, expect, test } from "bun:test";
import { BucketTarget } from "../../src/backup/bucket.ts";
import { BucketLease, type LeaseDeps } from "../../src/backup/bucketLease.ts";
import { BucketObjects } from "../../src/backup/bucketObjects.ts";
import { Client } from "../../src/client/client.ts";
import { serverAddress } from "../../src/config/server.ts";
import { digestOf } from "../../src/model/digest.ts";
import { Scope } from "../support/scope.ts";
import { type OtherBox, openOtherBox } from "./bucketRoom.ts";
import { messageOf } from "./room.ts";

const scope = new Scope();
afterAll(() => scope.close(), 60_000);

/** No sign of life comes by itself. */
const times = { renewMs: 1_000_000, goneMs: 150_000, lookMs: 2_000 };

/** A machine that backs up to a bucket. Its clock goes on only while it rests. */
function machine(other: OtherBox, name: string, changes: Partial<LeaseDeps> = {}) {
  let [wall, elapsed] = [Date.UTC(2026, 0, 1), 0];
  const { signal: stop } = new AbortController();
  const client = new Client(serverAddress.parse(other.url("")));
  const patience = { stop, forMs: 0, url: client.url, say: () => {}, outage: { isTold: false } };
  const objects = new BucketObjects({ client, bucket: "backups", prefix: "", name, patience });
  const said: string[] = [];
  const deps: LeaseDeps = {
    ...{ objects, name: "the bucket", self: `${name}.0.1`, stop, clock: () => wall },
    ...{ newId: () => Bun.randomUUIDv7(), now: () => elapsed, say: (text) => said.push(text) },
    isAlive: () => true,
    rest: async (ms) => {
      elapsed += ms;
    },
    ...changes,
  };
  return {
    ...{ objects, said },
    setClock(ms: number) {
      wall += ms;
    },
    elapsed: () => elapsed,
    take: (given = times) => BucketLease.take(deps, given),
  };
}

describe("a bucket's lease", () => {
  test("is one machine's until it is given up", async () => {
    const other = await openOtherBox(scope);
    const [one, two] = [machine(other, "one"), machine(other, "two")];
    const held = await one.take();
    await held.assertHeld();

    await held.release();
    const next = await two.take();

    expect(two.said).toEqual([]);
    await next.release();
    expect(await other.names()).toEqual(["lease"]);
  });

  test("is refused to another machine while its holder gives signs of life", async () => {
    const other = await openOtherBox(scope);
    const two = machine(other, "two", { rest: () => held.assertHeld() });
    // It gives a sign of life whenever it is asked.
    const held = await machine(other, "one").take({ ...times, renewMs: 0 });

    const refused = await messageOf(two.take());

    expect(refused).toContain("another backup is using the bucket");
    expect(two.said).toEqual([
      "Another backup of the bucket was begun: looking whether it goes on.",
    ]);
    await held.release();
  });

  test("of a machine that is gone is taken after a while by the clock of the one who waits, whatever clocks say", async () => {
    const other = await openOtherBox(scope);
    const [one, two] = [machine(other, "one"), machine(other, "two")];
    const held = await one.take();
    one.setClock(-365 * 86_400_000);
    two.setClock(365 * 86_400_000);

    const taken = await two.take();

    expect(two.elapsed()).toBe(times.goneMs);
    // It wakes up: a day has passed.
    one.setClock(2 * 366 * 86_400_000);
    expect(await messageOf(held.assertHeld())).toContain(
      "another backup has taken the bucket over",
    );
    expect(await messageOf(held.assertHeld())).toContain(
      "another backup has taken the bucket over",
    );
    await held.release();
    await taken.assertHeld();
    two.setClock(times.renewMs);
    await taken.assertHeld();
    await taken.release();
  });

  test("of a process that has ended on this machine is taken at once", async () => {
    const other = await openOtherBox(scope);
    await machine(other, "one").take();
    const two = machine(other, "two", { isAlive: (process) => process !== "one.0.1" });

    const taken = await two.take();

    expect(two.elapsed()).toBe(0);
    await taken.release();
  });

  test("of a process of the same name that is none of its own is taken at once", async () => {
    const other = await openOtherBox(scope);
    const one = machine(other, "one");
    const text = `{"version":1,"owner":"one.0.1/earlier","beat":7}\n`;
    await one.objects.putText("lease", text, { ifNoneMatch: "*" });

    const taken = await one.take();

    expect(one.elapsed()).toBe(0);
    await taken.release();
  });

  test("that was taken over while a sign of life was on its way is not believed to be held", async () => {
    const other = await openOtherBox(scope);
    const first = machine(other, "one");
    const [answers, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let signs = 0;
    const objects: LeaseDeps["objects"] = {
      readText: (name) => first.objects.readText(name),
      putText: async (...given) => {
        const digest = await first.objects.putText(...given);
        signs += 1;
        // The second one is answered, and the machine freezes before it hears of it.
        if (signs === 2) {
          answers.resolve();
          await late.promise;
        }
        return digest;
      },
    };
    const held = await machine(other, "one", { objects }).take({ ...times, renewMs: 0 });
    await answers.promise;
    await other.put("lease", new TextEncoder().encode('{"owner":"two.0.1/x","beat":0}'));

    const asked = messageOf(held.assertHeld());
    late.resolve();

    expect(await asked).toContain("has taken the bucket over");
    await held.release();
  });

  test("that is lost ends what a backup would remove, or publish", async () => {
    const other = await openOtherBox(scope);
    const one = machine(other, "one");
    const target = new BucketTarget({
      ...{ objects: one.objects, name: "the bucket", scratch: null },
      lease: () => one.take({ ...times, renewMs: 0 }),
      isOwn: async () => false,
    });
    const bytes = new Uint8Array([1]);
    const digest = digestOf(bytes);
    const release = await target.hold("store");
    await other.put(`content/sha256/${digest.slice(7, 9)}/${digest.slice(7)}`, bytes);
    await other.put("lease", new TextEncoder().encode('{"owner":"two.0.1/x","beat":0}'));

    const messages = await Promise.all([
      messageOf(target.publish("20260101T000000Z.1", "{}")),
      messageOf(target.removeContents([digest])),
      messageOf(target.removeBackups(["20260101T000000Z.1"])),
    ]);

    for (const message of messages) expect(message).toContain("has taken the bucket over");
    expect(await other.names("backups/")).toEqual([]);
    expect(await other.names("content/")).toHaveLength(1);
    await release();
  });
});
