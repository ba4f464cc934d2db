// A server that is stopping, as a load balancer in front of it sees it.
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { startBreadbox } from "../support/binary.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("while a push is running, SIGTERM makes /readyz 503 and refuses other requests; the push is finished, then the server ends", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const { url, port } = server;
  const begun = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  const head = `PATCH ${begun.headers.get("location")} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  socket.write(`${head}Content-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n01234`);
  const running = async () =>
    /"writing":\s*true/.test(await (await fetch(`${url}/v1/uploads`)).text());
  await waitFor("the PATCH", running, { explain: server.logs });

  process.kill(server.pid, "SIGTERM");
  // Connections that are idle are closed.
  const get = (path: string) => fetch(url + path, { keepalive: false });
  const isStopping = async () => (await get("/readyz")).status === 503;
  await waitFor("/readyz to be 503", isStopping, { explain: server.logs });

  const ready = await get("/readyz");
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: "not ready", reason: "the server is stopping" },
  ]);
  expect((await get("/healthz")).status).toBe(200);
  const refused = await get("/v2/_catalog");
  expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);

  socket.write("56789");
  expect(await server.exited).toBe(0);
  // That it has ended may be heard before its last words.
  await waitFor("the answer", () => received.includes("\r\n\r\n"));
  expect(received).toStartWith("HTTP/1.1 202");
});
