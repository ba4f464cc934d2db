// Workers that die, hang, or wait for a slow disk; and what is done while none lives.
import { afterEach, expect, test } from "bun:test";
import { type Need, Supervisor } from "../../src/workers/supervisor.ts";
import { waitFor } from "../support/processes.ts";

/** A worker that does this at each message. */
const worker = (code: string) =>
  new Worker(
    URL.createObjectURL(
      new Blob([`self.onmessage = () => {${code}};`], { type: "text/javascript" }),
    ),
  );

const supervisors: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.close();
});

/** Workers that do `code`, and what came of it. */
function supervise(code: string, lastsMs = 100) {
  const state = { count: 0, happened: [] as string[], local: [] as string[], code };
  const note = (what: string) => () => {
    state.happened.push(what);
  };
  const supervisor: Supervisor<string, string> = new Supervisor({
    spawn: () => worker(state.code),
    hello: "hello",
    need: () => "answer",
    ...{ silenceMs: 5_000, idleMs: 2_000 },
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
    onLost: (reason) => {
      state.happened.push(reason);
      supervisor.send("asked again");
    },
  });
  supervisors.push(supervisor);
  return { supervisor, state };
}

test("a worker that waits for a stalled disk is kept, however long, with one notice", () => {
  const { supervisor, state } = supervise("");
  supervisor.send("work");

  // Once a second, while one call does not come back.
  state.count = 1;
  for (let now = 0; now <= 600_000; now += 1_000) supervisor.inspect(now);

  expect(state.happened).toEqual(["slow"]);
});

test("a worker whose calls return, each after seconds, is kept", () => {
  const { supervisor, state } = supervise("");
  supervisor.send("work");

  for (let now = 0; now <= 60_000; now += 1_000) {
    if (now % 3_000 === 0) state.count += 2;
    supervisor.inspect(now);
  }

  expect(state.happened).toEqual([]);
});

test("a worker that hangs outside of any call is replaced, also after the disk was slow", () => {
  const { supervisor, state } = supervise("");
  supervisor.send("work");

  state.count = 1;
  for (let now = 0; now <= 10_000; now += 1_000) supervisor.inspect(now);
  state.count = 2;
  for (let now = 11_000; now <= 20_000; now += 1_000) supervisor.inspect(now);

  expect(state.happened).toEqual(["slow", "it stopped answering"]);
});

test("workers are tried again some time after three of them have died, with a notice of both", async () => {
  const { supervisor, state } = supervise("process.exit(0)", 300);

  supervisor.send("work");
  await waitFor("the server's own thread", () => state.local.length > 0);
  expect(state.happened).toEqual(["it ended", "it ended", "it ended", "local"]);

  state.code = "self.postMessage('done')";
  await Bun.sleep(400);
  supervisor.send("more work");
  await waitFor("a worker's report", () => state.happened.includes("report"));

  expect(state.happened.slice(4, 6)).toEqual(["workers again", "report"]);
  expect(state.local).toEqual(["asked again"]);
});

test("a worker without work ends after a while, and the next request starts another one", async () => {
  const ended: string[] = [];
  const state = { need: "background" as Need, spawned: 0 };
  const code = `self.onmessage = ({ data }) => {
    if (data === "end") process.exit(0);
    else self.postMessage(data);
  };`;
  const reports: string[] = [];
  const supervisor = new Supervisor<string, string>({
    spawn: () => {
      state.spawned += 1;
      const spawned = new Worker(
        URL.createObjectURL(new Blob([code], { type: "text/javascript" })),
      );
      spawned.addEventListener("close", () => ended.push("ended"));
      return spawned;
    },
    farewell: "end",
    need: () => state.need,
    ...{ silenceMs: 5_000, idleMs: 2_000 },
    onReport: (report) => reports.push(report),
    onLost: (reason) => ended.push(reason),
  });
  supervisors.push(supervisor);
  supervisor.send("one");
  await waitFor("a report", () => reports.length === 1);

  for (let now = 0; now <= 10_000; now += 1_000) supervisor.inspect(now);
  expect(ended).toEqual([]);
  state.need = "nothing";
  for (let now = 11_000; now <= 14_000; now += 1_000) supervisor.inspect(now);
  await waitFor("its end", () => ended.length === 1);
  supervisor.notify("lost");
  supervisor.send("two");
  await waitFor("another report", () => reports.length === 2);

  expect(ended).toEqual(["ended"]);
  expect(reports).toEqual(["one", "two"]);
  expect(state.spawned).toBe(2);
});
