// A claim while it is held: its owner gives signs of life, and gives it up with its request.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { OverdueReleases, whileHeld } from "../../src/content/claim.ts";
import { RegistryError } from "../../src/errors.ts";

let told: string[] = [];
let answers: (() => Promise<boolean>)[] = [];
let releases: (() => Promise<void>)[] = [];
let overdue = new OverdueReleases();
beforeEach(() => {
  [told, answers, releases, overdue] = [[], [], [], new OverdueReleases()];
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const holding = () => ({
  owner: "owner",
  overdue,
  renew: () => {
    told.push("renewed");
    return answers.shift()?.() ?? Promise.resolve(true);
  },
  release: async () => {
    told.push("released");
    await releases.shift()?.();
  },
});
const locked = () => Promise.reject(new Error("database is locked"));
/** Lets promises that are settled already tell so. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const pass = async (ms: number): Promise<void> => {
  jest.advanceTimersByTime(ms);
  await settle();
};

describe("a claim", () => {
  test("is renewed while its request runs and released at its end", async () => {
    const owner = await whileHeld(holding(), async (hold) => {
      await pass(2_999);
      expect(told).toEqual([]);
      await pass(1);
      await pass(3_000);
      return hold.owner;
    });
    await pass(60_000);

    expect(owner).toBe("owner");
    expect(told).toEqual(["renewed", "renewed", "released"]);
  });

  test("is kept while another process locks the database, for any time", async () => {
    answers = Array.from({ length: 100 }, () => locked);
    await whileHeld(holding(), async ({ signal }) => {
      for (let count = 0; count < 100; count += 1) await pass(3_000);
      expect(signal.aborted).toBe(false);
    });
  });

  test("aborts its request at once when its row is gone", async () => {
    answers = [() => Promise.resolve(false)];
    await whileHeld(holding(), async ({ signal }) => {
      await pass(3_000);
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });
  });

  test("is released when its request fails", async () => {
    const broken = new Error("broken");
    const error = await whileHeld(holding(), () => Promise.reject(broken)).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toBe(broken);
    expect(told).toEqual(["released"]);
  });

  test("is not released twice when a transaction has released it", async () => {
    await whileHeld(holding(), async (hold) => {
      hold.released = true;
    });
    expect(told).toEqual([]);
  });

  test("is released later, without an error, when the database is busy", async () => {
    releases = [locked, locked];
    expect(await whileHeld(holding(), async () => "done")).toBe("done");
    expect(told).toEqual(["released"]);

    await pass(1_000);
    await pass(1_000);
    await pass(60_000);
    expect(told).toEqual(["released", "released", "released"]);
  });

  test("is retried once for all waiting callers when many releases are overdue", async () => {
    const busy = () => Promise.reject(new RegistryError("BUSY"));
    releases = Array.from({ length: 10 }, () => busy);
    for (let count = 0; count < 3; count += 1) await whileHeld(holding(), async () => {});

    await Promise.all([overdue.retry(), overdue.retry(), overdue.retry()]);
    expect(told).toHaveLength(4);

    releases = [];
    await overdue.retry();
    await overdue.retry();
    expect(told).toHaveLength(7);
  });

  test("is not released again once the store is read-only: the next start gives up all claims", async () => {
    const readOnly = () => Promise.reject(new RegistryError("READ_ONLY"));
    releases = [locked, readOnly];
    await whileHeld(holding(), async () => {});
    await pass(1_000);
    expect(told).toEqual(["released", "released"]);
    releases = [readOnly];
    await whileHeld(holding(), async () => {});

    await pass(60_000);

    expect(told).toEqual(["released", "released", "released"]);
  });

  test("is released, if overdue, before the next request claims", async () => {
    releases = [locked];
    await whileHeld(holding(), async () => {});
    await overdue.retry();
    await overdue.retry();

    expect(told).toEqual(["released", "released"]);
  });
});
