// Requests that store parts of one upload, and who waits for whom.
import { describe, expect, test } from "bun:test";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { PartTurns } from "../../src/objects/turns.ts";

const upload = makeUploadId(Bun.randomUUIDv7());
const other = makeUploadId(Bun.randomUUIDv7());

/** Begins work that ends when it is told to. */
function begin(turns: PartTurns, number: number, log: string[], name: string, id = upload) {
  const gate = Promise.withResolvers<void>();
  const done = turns.take(id, number, async () => {
    log.push(`${name} begins`);
    await gate.promise;
    log.push(`${name} ends`);
  });
  return { end: gate.resolve, fail: gate.reject, done };
}

describe("parts of one upload", () => {
  test("with the same number are stored one after the other", async () => {
    const log: string[] = [];
    const turns = new PartTurns();
    const first = begin(turns, 1, log, "first");
    const second = begin(turns, 1, log, "second");
    second.end();
    await Bun.sleep(0);
    expect(log).toEqual(["first begins"]);

    first.end();
    await second.done;
    expect(log).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  test("with different numbers, or of different uploads, are stored at once", async () => {
    const log: string[] = [];
    const turns = new PartTurns();
    const running = [
      begin(turns, 1, log, "one"),
      begin(turns, 2, log, "two"),
      begin(turns, 1, log, "another's", other),
    ];
    await Bun.sleep(0);
    expect(log).toEqual(["one begins", "two begins", "another's begins"]);

    for (const { end } of running) end();
    await Promise.all(running.map(({ done }) => done));
  });

  test("are stored after one that failed", async () => {
    const log: string[] = [];
    const turns = new PartTurns();
    const first = begin(turns, 1, log, "first");
    const second = begin(turns, 1, log, "second");
    first.fail(new Error("the disk is full"));
    second.end();

    expect(await first.done.catch((error: unknown) => error)).toMatchObject({
      message: "the disk is full",
    });
    await second.done;
    expect(log).toEqual(["first begins", "second begins", "second ends"]);
  });

  test("are all waited for, stored or failed", async () => {
    const log: string[] = [];
    const turns = new PartTurns();
    const [first, second] = [begin(turns, 1, log, "first"), begin(turns, 2, log, "second")];
    const idle = turns.idle(upload).then(() => log.push("idle"));
    await turns.idle(other);
    first.done.catch(() => {});
    first.fail(new Error("gone"));
    second.end();
    await idle;

    expect(log).toEqual(["first begins", "second begins", "second ends", "idle"]);
  });
});
