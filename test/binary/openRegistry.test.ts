// What the log of a server that others can reach says where nobody sees the banner: in containers and under systemd.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { answers200, freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const linesOf = (logs: string): Record<string, unknown>[] =>
  logs
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

test("JSON logs warn of an open registry, print client addresses as IPv4, and name refused clients", async () => {
  await using scope = new Scope();
  const folder = tempFolder(scope, "open");
  const port = freePort();
  const command = [await breadboxBinary(), "serve", "--data", join(folder, "data")];
  const server = startProcess(scope, [...command, "--listen", `:${port}`], {
    log: join(folder, "log"),
    cwd: folder,
    env: { BREADBOX_REGISTRY_READ_ONLY: "true", BREADBOX_AUTH_MODE: "none" },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });

  await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
  const refused = () => linesOf(server.logs()).find(({ event }) => event === "refused");
  await waitFor("the line", async () => refused() !== undefined, { explain: server.logs });

  const warnings = linesOf(server.logs()).filter(({ level }) => level === "warn");
  expect(warnings.map(({ msg }) => msg)).toEqual([
    expect.stringContaining("anyone who can reach this address can push"),
    expect.stringContaining("Plain HTTP"),
  ]);
  expect(refused()).toMatchObject({
    ...{ level: "info", repository: "team/app", operation: "startUpload" },
    ...{ status: 405, code: "UNSUPPORTED", address: "127.0.0.1" },
  });
});
