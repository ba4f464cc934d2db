import { expect, test } from "bun:test";
import { openEpoll } from "../../src/process/epoll.ts";
import { findSenders } from "../../src/process/senders.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

/** A server in this process that notes what arrives, and clients of it. */
async function listen(scope: Scope) {
  let arrived = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (_, chunk) => {
        arrived += chunk.byteLength;
      },
    },
  });
  scope.defer(() => listener.stop(true));
  const connect = async () => {
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: listener.port,
      socket: { data: () => {} },
    });
    scope.defer(() => void socket.terminate());
    return socket;
  };
  return { connect, arrived: () => arrived };
}

test("nothing is read from a sender while its valve is closed", async () => {
  await using scope = new Scope();
  const { connect, arrived } = await listen(scope);
  const [held, free] = [await connect(), await connect()];
  for (const socket of [held, free]) socket.write("first");
  await waitFor("both connections", () => arrived() === 10);
  const valve = findSenders(() => performance.now())(held.localPort);

  valve?.set(false);
  held.write("held");
  free.write("free!");
  await waitFor("what the other one sent", () => arrived() === 15);
  valve?.set(true);

  await waitFor("what was held", () => arrived() === 19);
  expect(valve).not.toBeNull();
});

test("the valve of a connection that is gone moves nothing, whoever has its descriptor now", async () => {
  const moved: string[] = [];
  const epoll = openEpoll();
  if (epoll === null) throw new Error("this system has no epoll");
  let cookie = 7n;
  const find = findSenders(
    () => 0,
    () => ({
      ...epoll,
      watched: () => [{ epoll: 3, socket: 9, events: 1, data: 1n }],
      isListening: () => true,
      peerPort: () => 5000,
      cookieOf: () => cookie,
      setSilent: (_, isSilent) => void moved.push(isSilent ? "silent" : "heard"),
      limitUnread: (_, bytes) => void moved.push(bytes === null ? "wide" : "narrow"),
    }),
  );
  const valve = find(5000);

  valve?.set(false);
  valve?.narrow(true);
  valve?.narrow(true);
  cookie = 8n;
  valve?.set(true);
  valve?.narrow(false);

  expect(moved).toEqual(["silent", "narrow"]);
  expect(find(5001)).toBeNull();
});
