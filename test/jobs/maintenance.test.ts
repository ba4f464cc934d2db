import { describe, expect, test } from "bun:test";
import { Maintenance } from "../../src/jobs/maintenance.ts";
import { quiet, workerOf } from "./quiet.ts";

describe("Maintenance", () => {
  test("a worker without work ends, and the next job starts another", async () => {
    const ends: Promise<void>[] = [];
    const swept = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let sweeps = 0;
    const lost: string[] = [];
    const maintenance = new Maintenance({
      ...quiet,
      cleanupEveryMs: 5_000,
      spawn: () => {
        const worker = workerOf(`self.onmessage = ({data}) => {
          if (data.kind === "end") process.exit(0);
          else postMessage({kind: "swept", dropped: 0, undeleted: null, durationMs: 0, firstSeen: new Map([["a", 1]])});
        };`);
        ends.push(new Promise((resolve) => worker.addEventListener("close", () => resolve())));
        return worker;
      },
      onReport: () => {
        swept[sweeps]?.resolve();
        sweeps += 1;
      },
      onLost: (reason) => lost.push(reason),
    });

    maintenance.start();
    await swept[0]?.promise;
    await ends[0];
    await swept[1]?.promise;

    expect(ends).toHaveLength(2);
    expect(lost).toEqual([]);
    await maintenance.close();
  }, 15_000);

  for (const [how, source] of [
    ["ends", "self.onmessage = () => process.exit(0);"],
    ["throws", "self.onmessage = () => { throw new Error('gone'); };"],
    ["leaves a rejection", "self.onmessage = () => { Promise.reject(new Error('gone')); };"],
  ] as const) {
    test(`a worker that ${how} is started again and gets the job`, async () => {
      const answered = Promise.withResolvers<void>();
      const lost: string[] = [];
      let spawned = 0;
      const maintenance = new Maintenance({
        spawn: () => {
          spawned += 1;
          return workerOf(
            spawned === 1
              ? source
              : "self.onmessage = ({data}) => postMessage({kind: 'failed', what: data.kind, isStopped: false, message: ''});",
          );
        },
        ...quiet,
        onReport: (report) => {
          expect(report).toEqual({ kind: "failed", what: "sweep", isStopped: false, message: "" });
          answered.resolve();
        },
        onLost: (reason) => lost.push(reason),
      });

      maintenance.start();
      await answered.promise;

      expect(spawned).toBe(2);
      expect(lost).toHaveLength(1);
      await maintenance.close();
    });
  }
});
