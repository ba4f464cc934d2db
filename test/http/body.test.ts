import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { openBody, type Pace } from "../../src/http/body.ts";
import { leavesBody } from "../../src/http/linger.ts";
import { RequestContext } from "../../src/http/requestContext.ts";

/** A sender: each step waits so many seconds, then sends so many bytes. */
type Step = readonly [seconds: number, bytes: number];

/** What came of a body. Times are seconds since its begin. */
interface Reception {
  readonly received: number;
  /** When the connection was extended, and by how much. */
  readonly extended: readonly (readonly [second: number, by: number])[];
  /** When the body was cut, and what for; null when it came to its end. */
  readonly cut: readonly [second: number, situation: string] | null;
  readonly context: RequestContext;
}

interface Receiver {
  /** Least rate, bytes a second. */
  readonly rate?: number;
  /** Seconds that the server spends on each chunk. */
  readonly work?: number;
  readonly headers?: Record<string, string>;
  /** Is called while the server has a chunk in its hands. */
  readonly onChunk?: (context: RequestContext) => void;
}

/** Receives what the sender sends. */
async function receive(
  steps: readonly Step[],
  {
    rate = 1024,
    work = 0,
    headers = { "transfer-encoding": "chunked" },
    onChunk = () => {},
  }: Receiver = {},
): Promise<Reception> {
  let seconds = 0;
  const pace: Pace = { now: () => seconds * 1000, minBytesPerSecond: rate };
  const extended: [number, number][] = [];
  const connection = {
    timeout: (_: Request, by: number) => void extended.push([seconds, by]),
    requestIP: () => null,
  };
  const body = sending(steps, (waited) => {
    seconds += waited;
  });
  const request = new Request("http://breadbox/", { method: "PATCH", body, headers });
  const context = new RequestContext(request, connection, "test", 0);
  let received = 0;
  try {
    for await (const chunk of openBody(context, 0, pace) ?? []) {
      received += chunk.byteLength;
      seconds += work;
      onChunk(context);
    }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { received, extended, cut: [seconds, error.situation], context };
  }
  return { received, extended, cut: null, context };
}

function sending(steps: readonly Step[], wait: (seconds: number) => void) {
  const left = [...steps];
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const step = left.shift();
        if (step === undefined) return controller.close();
        wait(step[0]);
        controller.enqueue(new Uint8Array(step[1]));
      },
    },
    { highWaterMark: 0 },
  );
}

const repeat = (times: number, step: Step): Step[] => Array.from({ length: times }, () => step);

describe("the time granted to a sender", () => {
  test("grows with every second in which bytes came", async () => {
    const { extended, received } = await receive(repeat(2, [2, 2048]));

    expect(extended).toEqual([
      [0, 60],
      [2, 60],
      [4, 60],
      [4, 255],
    ]);
    expect(received).toBe(4096);
  });

  test("is updated at most once a second", async () => {
    const { extended } = await receive(repeat(100, [0.025, 65_536]));

    expect(extended).toHaveLength(1 + 2 + 1);
  });

  test("does not grow while no bytes arrive", async () => {
    const { extended } = await receive([[59, 61_440]]);

    expect(extended).toEqual([
      [0, 60],
      [59, 60],
      [59, 255],
    ]);
  });

  test("is extended while the server works on a chunk", async () => {
    const turns: boolean[] = [];
    const { context } = await receive(repeat(2, [1, 2048]), {
      onChunk: (during) => turns.push(during.awaitsClient),
    });

    expect(turns).toEqual([false, false]);
    expect(context.awaitsClient).toBe(false);
  });

  test("starts again after the server was busy with a chunk", async () => {
    const { extended } = await receive([[0, 10]], { work: 100 });

    expect(extended).toEqual([
      [0, 60],
      [100, 60],
      [100, 255],
    ]);
  });

  test("lasts until the answer when there is no body", () => {
    const extended: number[] = [];
    const connection = {
      timeout: (_: Request, seconds: number) => void extended.push(seconds),
      requestIP: () => null,
    };
    const request = new Request("http://breadbox/", { method: "PUT" });
    const pace: Pace = { now: () => 0, minBytesPerSecond: 1024 };

    expect(openBody(new RequestContext(request, connection, "test", 0), 0, pace)).toBeNull();
    expect(extended).toEqual([255]);
  });
});

describe("the minimum rate of a body", () => {
  const hour = 3600;

  test.each([
    ["a byte a second", repeat(hour, [1, 1]), 60],
    ["a byte twice a minute", repeat(120, [30, 1]), 60],
    ["half the rate", repeat(hour, [1, 512]), 60],
    ["a tenth less than the rate", repeat(hour, [1, 921]), 60],
    ["a burst, then a trickle", [[1, 1_000_000], ...repeat(hour, [1, 1])] as Step[], 62],
    [
      "an hour at the rate, then a trickle",
      [...repeat(hour, [1, 1024]), ...repeat(hour, [1, 1])] as Step[],
      3602,
    ],
  ])("cuts %s", async (_, steps, second) => {
    const { cut, context } = await receive(steps);

    expect(cut).toEqual([second, "BODY_TOO_SLOW"]);
    expect(context.bodyEnded).toBe(false);
  });

  test.each([
    ["exactly the rate", repeat(2 * hour, [1, 1024])],
    ["the rate in a piece every 20 seconds", repeat(hour / 20, [20, 20 * 1024])],
    ["the rate in a piece every 7 seconds", repeat(hour / 7, [7, 7 * 1024])],
    ["the rate in small pieces", repeat(4 * hour, [0.25, 256])],
    [
      "the rate in pieces that come late by turns",
      repeat(hour, [1, 1024]).map(([, bytes], turn): Step => [turn % 2 === 0 ? 1.4 : 0.6, bytes]),
    ],
    ["a trickle that ends within a minute", repeat(59, [1, 1])],
  ])("keeps %s", async (_, steps) => {
    const { cut, received } = await receive(steps);

    expect(cut).toBeNull();
    expect(received).toBe(steps.reduce((sum, [, bytes]) => sum + bytes, 0));
  });

  test("is not applied to a client that has sent everything", async () => {
    const steps: Step[] = [...repeat(100, [1, 1024]), [50, 10]];
    const { cut } = await receive(steps, { headers: { "content-length": "102410" } });

    expect(cut).toBeNull();
  });

  test("excludes the time in which the server was busy", async () => {
    const { cut } = await receive(repeat(100, [0, 10]), { work: 100 });

    expect(cut).toBeNull();
  });

  test("of 0 cuts nobody", async () => {
    const { cut } = await receive(repeat(1000, [30, 1]), { rate: 0 });

    expect(cut).toBeNull();
  });

  test("keeps the bytes that arrived before the cut", async () => {
    const { received } = await receive(repeat(hour, [1, 1]));

    expect(received).toBe(60);
  });

  test("closes the connection of a client that is cut, however short its body", async () => {
    const headers = { "content-length": "1000" };
    const { context, cut } = await receive(repeat(1000, [1, 1]), { headers });

    expect(cut).toEqual([60, "BODY_TOO_SLOW"]);
    expect(leavesBody(context)).toBe(true);
  });
});
