// Uploads whose server was killed: nobody writes to them, and a command that finds no server knows that.
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { run, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("uploads rm removes an upload whose server was killed while writing to it, but not while a server writes to it", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const started = await fetch(`${server.url}/v2/dead/app/blobs/uploads/`, { method: "POST" });
  const { pathname } = new URL(started.headers.get("location") ?? "", server.url);
  const line = connect(server.port, "127.0.0.1");
  scope.defer(() => void line.destroy());
  line.on("error", () => {});
  line.write(`PATCH ${pathname} HTTP/1.1\r\nHost: ${server.host}\r\nContent-Length: 9\r\n\r\nabc`);
  const uploads = async (...args: string[]) => {
    const binary = await breadboxBinary();
    const { output } = await run([binary, "uploads", ...args, "--data", server.data]);
    return output;
  };
  await waitFor("the writer", async () => (await uploads("ls")).includes("writing"));

  const beside = await uploads("rm", "--all", "--yes");
  await server.kill9();

  expect(beside).toContain("being written");
  expect(await uploads("ls")).not.toContain("writing");
  expect(await uploads("rm", "--all", "--yes")).toStartWith("Removed upload");
  expect(await uploads("ls")).not.toContain("dead/app");
});
