// A claim while it is held: renewed for as long as its request lives, and given up with it.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { makeClaim, whileHeld } from "../../src/content/claim.ts";
import type { Claim } from "../../src/metadata/metadata.ts";

let now = 1000;
let told: (string | Claim)[] = [];
beforeEach(() => {
  now = 1000;
  told = [];
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const claim = { clock: () => now, newId: () => "owner" };
const holding = (renew: () => Promise<unknown> = async () => {}) => ({
  owner: "owner",
  clock: () => now,
  renew: (renewed: Claim) => {
    told.push(renewed);
    return renew();
  },
  release: async (owner: string) => void told.push(`released by ${owner}`),
});
const pass = (ms: number): void => {
  now += ms;
  jest.advanceTimersByTime(ms);
};

describe("a claim", () => {
  test("outlives what renews it by half a minute", () => {
    expect(makeClaim(claim)).toEqual({ owner: "owner", until: 31_000 });
  });

  test("is renewed while it is used, also when a renewal fails, and given up at its end", async () => {
    const result = await whileHeld(
      holding(() => Promise.reject(new Error("busy"))),
      async (hold) => {
        pass(9_999);
        expect(told).toEqual([]);
        pass(1);
        pass(10_000);
        return hold.owner;
      },
    );
    pass(60_000);

    expect(result).toBe("owner");
    expect(told).toEqual([
      { owner: "owner", until: 41_000 },
      { owner: "owner", until: 51_000 },
      "released by owner",
    ]);
  });

  test("is given up when its use fails", async () => {
    const broken = new Error("broken");
    const error = await whileHeld(holding(), () => Promise.reject(broken)).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toBe(broken);
    expect(told).toEqual(["released by owner"]);
  });

  test("that a transaction has given up already is not given up again", async () => {
    await whileHeld(holding(), async (hold) => {
      hold.released = true;
    });
    expect(told).toEqual([]);
  });
});
