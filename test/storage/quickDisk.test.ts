import { beforeEach, describe, expect, test } from "bun:test";
import { QuickDisk } from "../../src/storage/filesystem/quickDisk.ts";
import { threadWaits } from "../../src/storage/filesystem/threadWaits.ts";

let [now, waits] = [0, 0];
let disk = new QuickDisk({ elapsed: () => now, waits: () => waits });

beforeEach(() => {
  [now, waits] = [0, 0];
  disk = new QuickDisk({ elapsed: () => now, waits: () => waits });
});

/** A write during which the thread waits for the disk. @param ms how long it takes. */
const write = (ms: number): void =>
  disk.watch(() => {
    now += ms;
    waits += 1;
  });

/** @returns how long it rests from now on, s. */
function rest(): number {
  const began = now;
  while (!disk.isQuick) now += 1_000;
  return (now - began) / 1_000;
}

describe("a disk", () => {
  test("is quick until a write takes more than 5 ms", () => {
    expect(disk.isQuick).toBeTrue();
    write(5);
    expect(disk.isQuick).toBeTrue();
    write(5.1);
    expect(disk.isQuick).toBeFalse();
  });

  test("rests for 10 s after a slow write, and twice as long each time it is slow again, up to 10 minutes", () => {
    const rests = Array.from({ length: 8 }, () => {
      write(200);
      return rest();
    });
    expect(rests).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  });

  test("rests for 10 s again after it was quick for as long as its last rest", () => {
    const rests = [0, 0, 19_000, 40_000].map((quickFor) => {
      now += quickFor;
      write(1);
      write(200);
      return rest();
    });
    expect(rests).toEqual([10, 20, 40, 10]);
  });

  test("that fails after a long wait rests, and its error is passed on", () => {
    const fail = () => {
      write(30_000);
      throw new Error("EIO");
    };
    expect(() => disk.watch(fail)).toThrow("EIO");
    expect(disk.isQuick).toBeFalse();
  });

  test("is quick although other programs took the core meanwhile", () => {
    disk.watch(() => {
      now += 300;
    });
    expect(disk.isQuick).toBeTrue();
  });

  test("is slow for a long write where the kernel does not count waits", () => {
    waits = Number.NaN;
    disk.watch(() => {
      now += 300;
    });
    expect(disk.isQuick).toBeFalse();
  });
});

test.skipIf(process.platform !== "linux")("a thread's waits count its sleeps, not its work", () => {
  const [before, until] = [threadWaits(), performance.now() + 20];
  while (performance.now() < until);
  const worked = threadWaits();
  for (let slept = 0; slept < 20; slept += 1) Bun.sleepSync(1);
  expect(worked - before).toBeLessThan(20);
  expect(threadWaits() - worked).toBeGreaterThanOrEqual(20);
});
