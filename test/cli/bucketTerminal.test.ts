// `breadbox bucket` on a terminal: a bar that moves, a question before a bucket goes, and Ctrl+C.
import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { waitFor } from "../support/processes.ts";
import { Scope, signal } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { CommandRoom, digestOf, mebibyte, openBucketRoom, PartGate } from "./bucketRoom.ts";
import { runOnTerminal } from "./commandOnTerminal.ts";

/** A terminal with a `breadbox bucket` on it. */
const runBucket = ({ folder, url }: CommandRoom, ...args: readonly string[]) =>
  runOnTerminal(["bucket", ...args], { cwd: folder, env: { BREADBOX_SERVER: url } });

test("bucket put shows its progress on a terminal, also while the connection stalls", async () => {
  await using scope = new Scope();
  const gate = new PartGate(8);
  const { room } = await openBucketRoom(scope, { change: gate.change });
  await room.write("file", noise(mebibyte));

  const command = runBucket(room, "put", "file", "box", "--part-size", "64KiB");
  await waitFor("a rate", () =>
    /sending {2}\[=+> +\] +\d+% {2}\d+ KB of 1\.0 MB {2}\d/.test(command.shown()),
  );
  gate.open();

  expect(await command.ended()).toBe(0);
  // The bar is taken away before the last word.
  const [, last = ""] = command.shown().split("Stored box/file (1.0 MB");
  expect(command.shown()).toContain("\r\x1b[KStored box/file");
  expect(last).toMatch(/^[^\n]*\)\r\nsha256:[0-9a-f]{64}\r\n$/);
});

test("Ctrl+C in bucket put keeps the upload and prints how to resume and how to abort it", async () => {
  await using scope = new Scope();
  const gate = new PartGate(8);
  const { room } = await openBucketRoom(scope, { change: gate.change });
  await room.write("file", noise(mebibyte));

  const command = runBucket(room, "put", "file", "box", "--part-size", "64KiB");
  await gate.reached;
  await waitFor("the bar", () => command.shown().includes("sending"));
  command.type("\x03");

  expect(await command.ended()).toBe(130);
  gate.open();
  expect(command.shown()).toMatch(/Stopped\.\r\nThe upload stays open with [1-8] parts?\./);
  const [, id = ""] = /uploads abort box ([0-9a-f-]{36})\r\n/.exec(command.shown()) ?? [];
  const abort = await room.bucket("uploads", "abort", "box", id);
  expect(abort.out).toBe(`Aborted upload ${id}.\n`);
});

/** A server of one object of a mebibyte that stops after some bytes of it. @returns its port. */
async function openStuckServer(scope: Scope, bytes: Uint8Array, sent: number): Promise<number> {
  const head = [
    "HTTP/1.1 200 OK",
    `Content-Length: ${bytes.byteLength}`,
    `ETag: "${digestOf(bytes)}"`,
    "\r\n",
  ].join("\r\n");
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (request) => {
      socket.write(head);
      if (request.toString().startsWith("GET ")) socket.write(bytes.subarray(0, sent));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

test("SIGTERM ends bucket get with 143 and keeps the received bytes", async () => {
  await using scope = new Scope();
  const port = await openStuckServer(scope, noise(mebibyte), 200_000);
  const room = new CommandRoom(scope, `http://127.0.0.1:${port}`);

  const command = runBucket(room, "get", "box/file", "copy");
  await waitFor("bytes", () => /getting {2}\[=+> +\] +\d+% {2}200 KB/.test(command.shown()));
  signal(command.pid, "SIGTERM");

  expect(await command.ended()).toBe(143);
  expect(command.shown()).toContain("copy.part keeps what arrived.");
  expect((await room.read("copy.part")).byteLength).toBe(200_000);
});

test("bucket rm removes the bucket after a yes, and keeps it otherwise", async () => {
  await using scope = new Scope();
  const { room } = await openBucketRoom(scope);

  const refused = runBucket(room, "rm", "box");
  await waitFor("the question", () => refused.shown().includes("Remove bucket box? [y/N] "));
  refused.type("n\n");
  expect(await refused.ended()).toBe(1);
  expect(refused.shown()).toContain("Nothing was removed.");
  const agreed = runBucket(room, "rm", "box");
  await waitFor("the question", () => agreed.shown().includes("[y/N]"));
  agreed.type("y\n");
  expect(await agreed.ended()).toBe(0);
  expect(agreed.shown()).toContain("Removed bucket box.");
});
