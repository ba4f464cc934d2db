// Completions, aborts, parts and their replacements that meet: whatever comes first, an upload ends in one way, and whole.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import { storedFiles } from "../http/support/multipart.ts";
import { randomNumbers } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { amountOf } from "../support/share.ts";
import { hops, runLane, runSenders } from "./raceLane.ts";
import { openRoom, type Words, wordsFor } from "./room.ts";

const races = amountOf("BREADBOX_MULTIPART_RACES", { share: 400, whole: 5_000 });
const start = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
/** Side by side: they share the disk, the database and the worker. */
const atOnce = 10;

/** Lets others have their turn before and after each step, so that any two steps of two requests may follow each other. */
function delayed<T extends object>(port: T, random: () => number, own: Partial<T> = {}): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(name in own ? own : target, name);
      if (typeof member !== "function") return member;
      return async (...given: unknown[]) => {
        await hops(random, 4);
        const outcome: unknown = await Reflect.apply(member, target, given);
        await hops(random, 4);
        return outcome;
      };
    },
  });
}

let room: Awaited<ReturnType<typeof openRoom>>;
beforeAll(async () => {
  room = await openRoom();
});
afterAll(() => room[Symbol.asyncDispose]());

/** The same room, in which every step takes its time. */
function slowed(seed: string): Words {
  const random = randomNumbers(`${seed}/steps`);
  const { multipart, metadata, storage, ...rest } = room.deps();
  const deps: ObjectsDeps = {
    ...rest,
    multipart: delayed(multipart, random),
    metadata: delayed(metadata, random),
    storage: delayed(storage, random, { parts: delayed(storage.parts, random) }),
  };
  return wordsFor(room.store, () => deps);
}

/** Runs `race` with so many seeds. @returns what each of them ended with. */
async function runRaces<T>(
  name: string,
  count: number,
  race: (room: Words, seed: string) => Promise<T>,
): Promise<readonly T[]> {
  console.log(`BREADBOX_TEST_SEED=${start}`);
  const seeds = Array.from({ length: count }, (_, index) => `${start}/${name}/${index}`);
  const outcomes: T[] = [];
  const lane = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
      outcomes.push(await race(slowed(seed), seed));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes;
}

describe("concurrent requests to one multipart upload", () => {
  test(`end it in exactly one way or leave it open with all its parts, in ${races} races`, async () => {
    const reports = await runRaces("race", races, runLane);

    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    const ends = Map.groupBy(reports, ({ end }) => end);
    // Races that always end the same way would show nothing.
    for (const end of ["completed", "aborted", "open"] as const) {
      expect(ends.get(end)?.length ?? 0).toBeGreaterThan(races / 50);
    }
    expect(readdirSync(join(room.store.directory, "tmp", "multipart"))).toEqual([]);
    expect(await storedFiles(room.store.directory)).toBe((await room.digests()).size);
    expect(await problemsOf(room.store.directory)).toEqual([]);
  }, 600_000);

  test("with the same part number leave the bytes of one of them", async () => {
    const faults = await runRaces("senders", Math.ceil(races / 3), runSenders);

    expect(faults.flat()).toEqual([]);
  }, 600_000);
});
