import { describe, expect, test } from "bun:test";
import { Bearers, makeKey } from "../../src/access/bearer.ts";
import { Failures, ofPair } from "../../src/access/failures.ts";
import { KnownLogins } from "../../src/access/knownLogins.ts";
import { Remembered } from "../../src/access/remembered.ts";
import { readScopes } from "../../src/access/scopes.ts";
import { heapObjects } from "../support/heapObjects.ts";

describe("what access remembers", () => {
  test("is found until its end, and not afterwards", () => {
    let now = 0;
    const remembered = new Remembered<string>(() => now, 10);
    remembered.keep("a", "one", 1_000);

    expect(remembered.find("a")).toBe("one");
    expect(remembered.find("b")).toBeNull();
    now = 1_000;
    expect(remembered.find("a")).toBeNull();
  });

  test("is forgotten some time after its end, also behind others that last for longer", () => {
    let now = 0;
    const remembered = new Remembered<number>(() => now, 50_000);
    for (let at = 0; at < 10; at += 1) remembered.keep(`lasts ${at}`, at, 1e9);
    for (; now < 20_000; now += 1) remembered.keep(`ends ${now}`, now, now + 100);

    expect(remembered.size).toBeLessThan(1_000);
    expect(remembered.find("lasts 3")).toBe(3);
    expect(remembered.find("ends 19950")).toBe(19_950);
  });

  test("is no more than it may be: what was kept first goes first", () => {
    const remembered = new Remembered<number>(() => 0, 1_000);
    for (let at = 0; at < 5_000; at += 1) remembered.keep(`name ${at}`, at, 1);

    expect(remembered.size).toBe(1_000);
    expect([remembered.find("name 3999"), remembered.find("name 4000")]).toEqual([null, 4_000]);
  });
});

/** What a day of `use`, once a minute or more often, leaves of objects: the least of three days, since garbage may outlast one. */
async function leftBy(times: number, use: (at: number) => unknown): Promise<number> {
  const left: number[] = [];
  for (let at = 0; at < times; at += 1) await use(at);
  for (let day = 1; day <= 3; day += 1) {
    const before = heapObjects();
    for (let at = 0; at < times; at += 1) await use(day * times + at);
    left.push(heapObjects() - before);
  }
  return Math.min(...left);
}

describe("a client that logs in once a minute, day after day", () => {
  const times = 2_000;

  test("with a token of five minutes that it asks for each time", async () => {
    let now = Date.UTC(2026, 10, 22);
    const { key } = await makeKey("key");
    const bearers = new Bearers([key], "breadbox", () => now);
    const scopes = readScopes(["repository:team/app:pull,push"]);
    const alice = { who: "user", name: "alice", stamp: "1", scopes, origin: null } as const;

    const left = await leftBy(times, async () => {
      now += 60_000;
      expect(await bearers.verify(await bearers.sign(alice))).toMatchObject({ name: "alice" });
    });

    expect(left).toBeLessThan(times / 2);
  }, 30_000);

  test("with a password, from another network each time", async () => {
    let now = 0;
    const known = new KnownLogins(() => now);

    const left = await leftBy(times, (at) => {
      now += 60_000;
      known.add({ name: "alice", password: "secret", hash: "hash", network: `10.0.${at}` });
    });

    expect(left).toBeLessThan(times / 2);
  });

  test("with a wrong password, under another name each time", async () => {
    let now = 0;
    const failures = new Failures(ofPair, () => now);

    const left = await leftBy(times, (at) => {
      now += 60_000;
      failures.add(`user-${at}`);
    });

    expect(left).toBeLessThan(times / 2);
  });
});
