// What `breadbox serve` shows to somebody who sits in front of it.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { answers200, freePort, tempFolder, waitFor } from "../support/processes.ts";
import { adopt, release, Scope } from "../support/scope.ts";
import { main } from "./command.ts";

test("on a terminal only the banner shows the address, not a log line as well", async () => {
  await using scope = new Scope();
  const data = join(tempFolder(scope, "terminal"), "data");
  const port = freePort();
  let shown = "";
  const server = Bun.spawn(
    [process.execPath, main, "serve", "--data", data, "--listen", `127.0.0.1:${port}`],
    {
      terminal: {
        data: (_, bytes) => {
          shown += Buffer.from(bytes).toString();
        },
      },
    },
  );
  adopt(server.pid);
  await waitFor("the server", () => answers200(`http://127.0.0.1:${port}/readyz`));
  await waitFor("the banner", () => shown.includes("Ctrl+C stops"));
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  release(server.pid);

  expect(shown).toContain(`http://localhost:${port}`);
  expect(shown).not.toContain("listening");
});
