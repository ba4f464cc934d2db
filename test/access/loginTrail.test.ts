// Logins in the audit trail: each is named once, and no flood of them fills the disk.
import { describe, expect, test } from "bun:test";
import { failures, LoginSums, successes } from "../../src/access/loginSums.ts";
import { LoginTrail } from "../../src/access/loginTrail.ts";
import type { AuditEntry } from "../../src/metadata/audit.ts";
import { heapObjects } from "../support/heapObjects.ts";

const by = (who: string | null, address = "10.0.0.7") => ({ who, address, requestId: "r" });

function openTrail(addEntries: (entries: readonly AuditEntry[]) => Promise<void>) {
  const time = { now: 0 };
  const lost: number[] = [];
  const logged: AuditEntry[] = [];
  const trail = new LoginTrail({
    metadata: { addEntries },
    clock: () => time.now,
    now: () => time.now,
    onEntry: (entry) => logged.push(entry),
    onLost: (count) => lost.push(count),
  });
  return { trail, time, lost, logged };
}

/** A trail over an array. */
function openStored() {
  const stored: AuditEntry[] = [];
  const opened = openTrail(async (entries) => {
    stored.push(...entries);
  });
  const said = () => stored.map(({ event, who, address, times }) => [event, who, address, times]);
  return { ...opened, said };
}

test("an account that logs in again from the same address is written down once an hour", async () => {
  const { trail, time, said } = openStored();
  for (let second = 0; second < 2 * 3_600; second += 1) {
    time.now = second * 1_000;
    trail.note("login", by("user:ann"));
  }
  trail.note("login", by("user:ann", "10.0.0.8"));
  await trail.close();

  expect(said()).toEqual([
    ["login", "user:ann", "10.0.0.7", 1],
    ["login", "user:ann", "10.0.0.7", 1],
    ["login", "user:ann", "10.0.0.8", 1],
  ]);
});

test("a failed login is written down at once, and the number of its repetitions after ten minutes", async () => {
  const { trail, time, said } = openStored();
  for (let second = 0; second <= 600; second += 1) {
    time.now = second * 1_000;
    trail.note("login.failed", by("user:ann"));
  }
  await trail.close();

  expect(said()).toEqual([
    ["login.failed", "user:ann", "10.0.0.7", 1],
    ["login.failed", "user:ann", "10.0.0.7", 599],
    ["login.failed", "user:ann", "10.0.0.7", 1],
  ]);
});

test("a day of failures from ever new addresses leaves no more than 30,000 entries, and counts each attempt", async () => {
  const { trail, time, said } = openStored();
  const attempts = 24 * 3_600;
  for (let index = 0; index < attempts; index += 1) {
    time.now = index * 1_000;
    trail.note("login.failed", by(null, `10.0.${index >> 8}.${index & 255}`));
  }
  await trail.close();

  const entries = said();
  expect(entries.length).toBeLessThan(30_000);
  expect(entries.reduce((sum, [, , , times]) => sum + Number(times), 0)).toBe(attempts);
});

test("successes do not hide failures, nor one account another", async () => {
  const { trail, said } = openStored();
  trail.note("login", by("user:ann"));
  trail.note("login.failed", by("user:ann"));
  trail.note("login.failed", by("user:bob"));
  trail.note("login.failed", by(null));
  await trail.close();

  expect(said().map(([event, who]) => [event, who])).toEqual([
    ["login", "user:ann"],
    ["login.failed", "user:ann"],
    ["login.failed", "user:bob"],
    ["login.failed", null],
  ]);
});

test("an entry that cannot be stored is in the log, and nobody waits for it or fails with it", async () => {
  const { trail, lost, logged } = openTrail(() => Promise.reject(new Error("disk full")));
  trail.note("login", by("user:ann"));
  trail.note("login.failed", by("user:ann"));

  expect(logged.map(({ event }) => event)).toEqual(["login", "login.failed"]);
  await trail.close();
  expect(lost).toEqual([2]);
});

describe("what is summed up", () => {
  test.each([
    ["successes", successes],
    ["failures", failures],
  ] as const)("of %s, beyond the most that are named, is one sum without a name", (_, rule) => {
    const sums = new LoginSums(rule, () => 0);
    const written = Array.from({ length: rule.mostNamed + 7 }, (_, index) =>
      sums.add({ who: null, address: String(index) }),
    );

    expect(written.filter(Boolean)).toHaveLength(rule.mostNamed);
    expect(sums.end()).toEqual([]);
    expect(sums.end(true)).toEqual([{ who: null, address: null, times: 7 }]);
    expect(sums.end(true)).toEqual([]);
  });
});

test("logins that are written down, second after second for hours, leave nothing in memory", async () => {
  const time = { now: 0 };
  const now = () => time.now;
  const trail = new LoginTrail({
    ...{ metadata: { addEntries: async () => {} }, clock: now, now },
    ...{ onEntry: () => {}, onLost: () => {} },
  });
  const writeDown = async (seconds: number) => {
    for (const end = time.now + seconds * 1_000; time.now < end; time.now += 1_000) {
      trail.note("login", by(`user:${time.now}`));
      await trail.flush();
    }
  };
  await writeDown(4 * 3_600);
  const before = heapObjects();

  await writeDown(4 * 3_600);

  expect(heapObjects() - before).toBeLessThan(2_000);
  await trail.close();
});
