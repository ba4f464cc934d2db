import { beforeAll, describe, expect, test } from "bun:test";
import { explainStart, explainTool } from "../../src/cli/failure.ts";
import { findPortHolder } from "../../src/cli/portHolder.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config, SettingKey } from "../../src/config/settings.ts";
import {
  DirectoryBusyError,
  NoStoreError,
  SchemaTooNewError,
} from "../../src/metadata/refusals.ts";

const configWith = async (flags: Partial<Record<SettingKey, string>>): Promise<Config> =>
  (await loadConfig({ flags, env: {}, directory: import.meta.dir })).config;

let config: Config;

beforeAll(async () => {
  config = await configWith({ data: "/srv/breadbox" });
});

/** What listening throws. */
function listenError(hostname: string, port: number): unknown {
  try {
    Bun.serve({ hostname, port, fetch: () => new Response() }).stop(true);
  } catch (error) {
    return error;
  }
  throw new Error(`listening on ${hostname}:${port} worked`);
}

describe("explainStart", () => {
  test.if(process.platform === "linux")("a port in use names the program that has it", async () => {
    using holder = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const port = holder.port ?? 0;
    const busy = await configWith({ "http.listen": `127.0.0.1:${port}` });

    const { message, code } = explainStart(listenError("127.0.0.1", port), busy);

    const name = findPortHolder(port)?.name;
    expect(message).toBe(
      `Port ${port} is in use by another program (pid ${process.pid}, ${name}). Try: breadbox serve --listen 127.0.0.1:${port === 65_535 ? 5000 : port + 1}`,
    );
    expect(code).toBe(5);
  });

  test("an address of another machine is explained", async () => {
    const elsewhere = await configWith({ "http.listen": "203.0.113.9:5000" });

    const { message, code } = explainStart(listenError("203.0.113.9", 5000), elsewhere);

    expect(message).toStartWith("This machine has no address 203.0.113.9:5000.");
    expect(code).toBe(1);
  });

  test("a served data directory has exit code 4 and says whose it is", () => {
    const { message, code } = explainStart(new DirectoryBusyError("/srv/breadbox", 4711), config);

    expect(message).toContain("/srv/breadbox is in use by another breadbox server (pid 4711)");
    expect(code).toBe(4);
  });

  test("a newer schema is explained by its own message", () => {
    const error = new SchemaTooNewError("/srv/breadbox/breadbox.db", "0099");

    expect(explainStart(error, config)).toEqual({ message: error.message, code: 1 });
  });

  const system: [string, string][] = [
    ["EACCES", "This user may not write to /srv/breadbox/blobs."],
    ["EPERM", "This user may not write to /srv/breadbox/blobs."],
    ["EROFS", "/srv/breadbox/blobs is on a read-only file system."],
    ["ENOTDIR", "The data directory /srv/breadbox cannot be used"],
    ["ENOSPC", "There is no space left for /srv/breadbox/blobs."],
  ];
  test.each(system)("%s while opening the data directory says what to do", (code, start) => {
    const error = Object.assign(new Error(`${code}: mkdir`), { code, path: "/srv/breadbox/blobs" });

    const failure = explainStart(error, config);

    expect(failure.message).toStartWith(start);
    expect(failure.message).not.toContain("    at ");
    expect(failure.code).toBe(1);
  });

  test("anything else is one sentence, with its stack only at log level debug", async () => {
    const error = new Error("the moon is full");
    const detailed = await configWith({ "log.level": "debug" });

    expect(explainStart(error, config).message).toBe(
      "Breadbox could not start: the moon is full\nFor more detail, set BREADBOX_LOG_LEVEL=debug.",
    );
    expect(explainStart(error, detailed).message).toContain("    at ");
  });
});

describe("explainTool", () => {
  test.each(["EACCES", "EPERM", "EROFS", "SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY"])(
    "%s says which user to be",
    (code) => {
      const error = Object.assign(new Error("no"), { code });

      expect(explainTool(error, config)).toEqual({
        message:
          "This user may not read and write /srv/breadbox. Run the command as the user that the server runs as.",
        code: 1,
      });
    },
  );

  test("what is written for the operator is passed on", () => {
    const error = new NoStoreError("/srv/breadbox");

    expect(explainTool(error, config)).toEqual({ message: error.message, code: 1 });
  });

  test("anything else is one sentence", () => {
    const { message } = explainTool(new Error("the moon is full"), config);

    expect(message).toBe("The command failed: the moon is full");
  });
});

test("a port nobody listens on has no holder", () => {
  const free = Bun.serve({ port: 0, fetch: () => new Response() });
  const port = free.port ?? 0;
  free.stop(true);

  expect(findPortHolder(port)).toBeNull();
});
