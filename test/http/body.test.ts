import { describe, expect, test } from "bun:test";
import { openBody, type Pace } from "../../src/http/body.ts";
import { Visit } from "../../src/http/visit.ts";

/** A sender: each step waits so many seconds, then sends so many bytes. */
type Step = readonly [seconds: number, bytes: number];

/** Receives what the sender sends, and says at which seconds the connection was extended, and by how much. */
async function receive(steps: readonly Step[]): Promise<readonly [second: number, by: number][]> {
  let now = 0;
  const pace: Pace = { now: () => now, minBytesPerSecond: 256, patienceSeconds: 60 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const step = steps[sent];
        sent += 1;
        if (step === undefined) return controller.close();
        now += step[0] * 1000;
        controller.enqueue(new Uint8Array(step[1]));
      },
    },
    { highWaterMark: 0 },
  );
  let sent = 0;
  const extended: [number, number][] = [];
  const connection = {
    timeout: (_: Request, seconds: number) => void extended.push([now / 1000, seconds]),
    requestIP: () => null,
  };
  const request = new Request("http://breadbox/", {
    method: "PATCH",
    body,
    headers: { "transfer-encoding": "chunked" },
  });
  const visit = new Visit(request, connection, "test", 0);
  let received = 0;
  for await (const chunk of openBody(visit, 0, pace) ?? []) received += chunk.byteLength;

  expect(received).toBe(steps.reduce((sum, [, bytes]) => sum + bytes, 0));
  expect([visit.received, visit.bodyEnded]).toEqual([received, true]);
  return extended;
}

const start = [0, 60] as const;

describe("the pace of a body", () => {
  test("a slow sender is granted time with every second of bytes", async () => {
    const extended = await receive([
      [2, 2048],
      [2, 2048],
    ]);
    expect(extended).toEqual([[...start], [2, 60], [4, 60], [4, 255]]);
  });

  test("a fast sender is not granted time more than once a second", async () => {
    const steps = Array.from({ length: 100 }, (): Step => [0.025, 65_536]);
    expect((await receive(steps)).length).toBe(1 + 2 + 1);
  });

  test("a sender that trickles gets no more time than it was given at first", async () => {
    const steps = Array.from({ length: 59 }, (): Step => [1, 1]);
    expect(await receive(steps)).toEqual([[...start], [59, 255]]);
  });

  test("a sender that catches up after a pause is granted time again", async () => {
    const extended = await receive([
      [20, 1024],
      [1, 1024],
      [1, 8192],
    ]);
    expect(extended).toEqual([[...start], [22, 60], [22, 255]]);
  });

  test("a request without a body is granted time to be answered", () => {
    const extended: number[] = [];
    const connection = {
      timeout: (_: Request, seconds: number) => void extended.push(seconds),
      requestIP: () => null,
    };
    const request = new Request("http://breadbox/", { method: "PUT" });

    expect(openBody(new Visit(request, connection, "test", 0), 0)).toBeNull();
    expect(extended).toEqual([255]);
  });
});
