import { describe, expect, test } from "bun:test";
import { Maintenance } from "../../src/maintenance/maintenance.ts";

const duties = { directory: "", database: "", uploadTimeoutMs: 1, cleanupEveryMs: 1 };
const workerOf = (source: string) =>
  new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));

describe("Maintenance", () => {
  for (const [how, source] of [
    ["ends", "self.onmessage = () => process.exit(0);"],
    ["throws", "self.onmessage = () => { throw new Error('gone'); };"],
    ["leaves a rejection", "self.onmessage = () => { Promise.reject(new Error('gone')); };"],
  ] as const) {
    test(`a worker that ${how} is started again and gets its duties`, async () => {
      const answered = Promise.withResolvers<void>();
      const lost: string[] = [];
      let spawned = 0;
      const maintenance = new Maintenance({
        spawn: () => {
          spawned += 1;
          return workerOf(
            spawned === 1
              ? source
              : "self.onmessage = ({data}) => postMessage({kind: 'failed', what: data.kind, message: ''});",
          );
        },
        duties,
        onReport: (report) => {
          expect(report).toEqual({ kind: "failed", what: "open", message: "" });
          answered.resolve();
        },
        onLost: (reason) => lost.push(reason),
      });

      maintenance.start();
      await answered.promise;

      expect(spawned).toBe(2);
      expect(lost).toHaveLength(1);
      maintenance.close();
    });
  }
});
