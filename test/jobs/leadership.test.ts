// Which of several servers does the scheduled work, on the real lock.
import { describe, expect, test } from "bun:test";
import { Leadership } from "../../src/jobs/leadership.ts";
import { session } from "../contract/metadataRows.ts";
import { openEmpty } from "../metadata/database.ts";
import { Scope } from "../support/scope.ts";

/** Servers over one database, a clock that a test sets, and what they were told. */
async function room(scope: Scope) {
  const { metadata } = await openEmpty(scope);
  const dead = new Set<string>();
  const told: string[] = [];
  const time = { now: 1_000_000 };
  const server = (owner: string, locks = metadata.locks): Leadership => {
    const leadership = new Leadership({
      ...{ locks, owner, isAlive: (other) => !dead.has(other) },
      ...{ clock: () => time.now, now: () => time.now },
      onLead: (wasLed) => told.push(`${owner} leads${wasLed ? " after another" : ""}`),
      onLost: () => told.push(`${owner} lost it`),
    });
    scope.defer(() => leadership.close());
    return leadership;
  };
  return { metadata, dead, told, time, server };
}
const leads = (...servers: Leadership[]) => servers.map((each) => each.hold() !== null);

describe("of several servers", () => {
  test("one leads for as long as it renews the lock", async () => {
    await using scope = new Scope();
    const { server, time, told } = await room(scope);
    const [a, b] = [server("a"), server("b")];
    await a.start();
    await b.start();
    for (let turn = 0; turn < 20; turn += 1) {
      time.now += 5_000;
      await a.look();
      await b.look();
      expect(leads(a, b)).toEqual([true, false]);
    }
    expect(told).toEqual(["a leads"]);
  });

  test("another leads within 35 s of the last sign of life, and by then the first one does not rely on its lock", async () => {
    await using scope = new Scope();
    const { server, time, told } = await room(scope);
    const [a, b] = [server("a"), server("b")];
    await a.start();
    await b.start();
    const frozen = a.hold();
    for (let turn = 0; turn < 7; turn += 1) {
      time.now += 5_000;
      if (turn === 4) expect(leads(a, b)).toEqual([false, false]);
      await b.look();
    }

    expect(leads(a, b)).toEqual([false, true]);
    expect(told).toEqual(["a leads", "b leads after another"]);
    await a.look();
    expect(leads(a, b)).toEqual([false, true]);
    expect(told.at(-1)).toBe("a lost it");
    expect(b.hold()?.epoch).toBeGreaterThan(frozen?.epoch ?? Number.POSITIVE_INFINITY);
  });

  test("another leads at once when the first one stops, or when its process is known to be dead", async () => {
    await using scope = new Scope();
    const { server, dead } = await room(scope);
    const [a, b, c] = [server("a"), server("b"), server("c")];
    await a.start();
    await a.close();
    await b.start();
    expect(leads(a, b)).toEqual([false, true]);

    dead.add("b");
    await c.start();

    expect(leads(c)).toEqual([true]);
  });

  test("one whose database does not answer leads until its lock may be another's", async () => {
    await using scope = new Scope();
    const { metadata, server, time } = await room(scope);
    let isAway = false;
    const renewLock: typeof metadata.locks.renewLock = (...given) =>
      isAway ? Promise.reject(new Error("away")) : metadata.locks.renewLock(...given);
    const a = server("a", { ...metadata.locks, renewLock });
    await a.start();
    isAway = true;
    const led: boolean[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      time.now += 5_000;
      await a.look();
      led.push(a.hold() !== null);
    }
    expect(led).toEqual([true, true, true, true, false, false]);

    isAway = false;
    await a.look();

    expect(leads(a)).toEqual([true]);
  });

  test("one that lost the lock ends no session and no upload any more", async () => {
    await using scope = new Scope();
    const { metadata, server, time } = await room(scope);
    const [a, b] = [server("a"), server("b")];
    await a.start();
    const late = a.hold();
    time.now += 40_000;
    await b.start();
    const { id, app } = await idleSession(metadata);
    const expire = (hold: typeof late) =>
      metadata.uploadSweep.expireUploads({ idleSince: Number.MAX_SAFE_INTEGER, limit: 9, hold });

    expect(await expire(late)).toEqual([]);
    expect((await metadata.uploads.findUpload(id, app))?.id).toBe(id);
    expect((await expire(b.hold())).map((session) => session.id)).toEqual([id]);
  });
});

async function idleSession({ uploads }: Awaited<ReturnType<typeof room>>["metadata"]) {
  const started = session();
  await uploads.startUpload(started, null);
  return { id: started.id, app: started.repository };
}
