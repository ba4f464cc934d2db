// Workers that die, hang, or wait for a slow disk; and what is done while none lives.
import { afterEach, expect, test } from "bun:test";
import { Lane } from "../../src/workers/lane.ts";
import { waitFor } from "../support/processes.ts";

/** A worker that does this at each message. */
const worker = (code: string) =>
  new Worker(
    URL.createObjectURL(
      new Blob([`self.onmessage = () => {${code}};`], { type: "text/javascript" }),
    ),
  );

const lanes: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const lane of lanes.splice(0)) await lane.close();
});

/** A lane of workers that do `code`, and what came of it. */
function openLane(code: string, lastsMs = 100) {
  const state = { count: 0, happened: [] as string[], local: [] as string[], code };
  const note = (what: string) => () => {
    state.happened.push(what);
  };
  const lane: Lane<string, string> = new Lane({
    spawn: () => worker(state.code),
    hello: "hello",
    silenceMs: 5_000,
    disk: {
      pulse: {
        get count() {
          return state.count;
        },
      },
      onSlow: note("slow"),
    },
    fallback: {
      start: () => ({
        take: (request) => {
          state.local.push(request);
        },
        close: async () => {},
      }),
      lastsMs,
      onStart: note("local"),
      onEnd: note("workers again"),
    },
    onReport: note("report"),
    onReset: (reason) => {
      state.happened.push(reason);
      lane.send("asked again");
    },
  });
  lanes.push(lane);
  return { lane, state };
}

test("a worker that waits for a stalled disk is kept, however long, and that is told once", () => {
  const { lane, state } = openLane("");
  lane.send("work");

  // Once a second, while one call does not come back.
  state.count = 1;
  for (let now = 0; now <= 600_000; now += 1_000) lane.inspect(true, now);

  expect(state.happened).toEqual(["slow"]);
});

test("a worker whose calls come back, each after seconds, is kept as well", () => {
  const { lane, state } = openLane("");
  lane.send("work");

  for (let now = 0; now <= 60_000; now += 1_000) {
    if (now % 3_000 === 0) state.count += 2;
    lane.inspect(true, now);
  }

  expect(state.happened).toEqual([]);
});

test("a worker that hangs outside of any call is replaced, also after the disk was slow", () => {
  const { lane, state } = openLane("");
  lane.send("work");

  state.count = 1;
  for (let now = 0; now <= 10_000; now += 1_000) lane.inspect(true, now);
  state.count = 2;
  for (let now = 11_000; now <= 20_000; now += 1_000) lane.inspect(true, now);

  expect(state.happened).toEqual(["slow", "it stopped answering"]);
});

test("workers are tried again some time after three of them have died, and both is told", async () => {
  const { lane, state } = openLane("process.exit(0)", 300);

  lane.send("work");
  await waitFor("the server's own thread", () => state.local.length > 0);
  expect(state.happened).toEqual(["it ended", "it ended", "it ended", "local"]);

  state.code = "self.postMessage('done')";
  await Bun.sleep(400);
  lane.send("more work");
  await waitFor("a worker's report", () => state.happened.includes("report"));

  expect(state.happened.slice(4, 6)).toEqual(["workers again", "report"]);
  expect(state.local).toEqual(["asked again"]);
});
