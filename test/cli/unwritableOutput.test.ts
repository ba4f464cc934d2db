// A server whose log nobody takes: it serves, and it ends when it is told to.
import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { openPipe } from "../support/pipes.ts";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import { request } from "../support/rawHttp.ts";
import { Scope } from "../support/scope.ts";
import { main } from "./command.ts";

const digest = `sha256:${"0".repeat(64)}`;

interface Server extends RunningProcess {
  readonly port: number;
}

/** Starts a server that logs every request to `stdout`, and asks it for enough to fill a pipe several times. */
async function startServer(scope: Scope, stdout: number, format: string): Promise<Server> {
  const folder = tempFolder(scope, "unwritable");
  const port = freePort();
  const args = ["serve", "--data", join(folder, "data"), "--listen", `127.0.0.1:${port}`];
  const env = { BREADBOX_LOG_LEVEL: "debug", BREADBOX_LOG_FORMAT: format };
  const options = { cwd: folder, log: join(folder, "log"), env, stdout };
  const server = startProcess(scope, [process.execPath, main, ...args], options);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });
  for (let count = 0; count < 1000; count += 1) {
    const answer = await fetch(`${url}/v2/`);
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
  }
  return { ...server, port };
}

type OpenOutput = (scope: Scope) => Promise<number>;

const outputs: readonly [what: string, open: OpenOutput][] = [
  [
    "a full disk",
    async (scope) => {
      const full = openSync("/dev/full", "w");
      scope.defer(() => closeSync(full));
      return full;
    },
  ],
  ["a pipe whose reader has stopped", async (scope) => (await openPipe(scope)).writer],
  [
    "a pipe that nobody reads any more",
    async (scope) => {
      const pipe = await openPipe(scope);
      pipe.closeReader();
      return pipe.writer;
    },
  ],
];

describe.if(process.platform === "linux")("a server whose standard output is", () => {
  for (const format of ["json", "pretty"]) {
    test.each(outputs)(`%s (${format}) ends with 0 on SIGTERM`, async (_, open) => {
      await using scope = new Scope();
      const server = await startServer(scope, await open(scope), format);

      expect(await server.stop()).toBe(0);
    });
  }

  test.each(outputs)("%s ends with 143 on a second SIGTERM", async (_, open) => {
    await using scope = new Scope();
    const server = await startServer(scope, await open(scope), "json");
    await startUpload(scope, server);

    // Within a moment of the first one, a second signal counts as its echo.
    while (!server.hasExited()) {
      process.kill(server.pid, "SIGTERM");
      await Bun.sleep(50);
    }

    expect(await server.exited).toBe(143);
  });
});

/** Starts a request that runs for as long as the server waits for its body. */
async function startUpload(scope: Scope, { port }: Server): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  scope.defer(() => {
    socket.destroy();
  });
  const asksToGoOn: [string, string][] = [
    ["Content-Length", "9"],
    ["Expect", "100-continue"],
  ];
  socket.write(request(`POST /v2/a/blobs/uploads/?digest=${digest}`, asksToGoOn));
  await new Promise((resolve) => socket.once("data", resolve));
}
