import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explainStart, explainTool } from "../../src/cli/failure.ts";
import { findPortHolder } from "../../src/cli/portHolder.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config, SettingKey } from "../../src/config/settings.ts";
import {
  DatabaseDamagedError,
  DirectoryBusyError,
  NoStoreError,
  SchemaTooNewError,
} from "../../src/metadata/openErrors.ts";

const configWith = async (flags: Partial<Record<SettingKey, string>>): Promise<Config> =>
  (await loadConfig({ flags, env: {}, directory: import.meta.dir })).config;

let config: Config;

beforeAll(async () => {
  config = await configWith({ data: "/srv/breadbox" });
});

/** A directory that belongs to `user`; only root can make one. */
async function directoryOf(user: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "breadbox-theirs-"));
  folders.push(directory);
  await chown(directory, user, user);
  return directory;
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
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

    const { message, code } = await explainStart(listenError("127.0.0.1", port), busy);

    const name = findPortHolder(port)?.name;
    expect(message).toBe(
      `Port ${port} is in use by another program (pid ${process.pid}, ${name}). Try: breadbox serve --listen 127.0.0.1:${port === 65_535 ? 5000 : port + 1}`,
    );
    expect(code).toBe(5);
  });

  test("an address of another machine is explained", async () => {
    const elsewhere = await configWith({ "http.listen": "203.0.113.9:5000" });

    const { message, code } = await explainStart(listenError("203.0.113.9", 5000), elsewhere);

    expect(message).toStartWith("This machine has no address 203.0.113.9:5000.");
    expect(code).toBe(1);
  });

  test("a host name without an address is explained, whatever code listening gives", async () => {
    const misspelt = await configWith({ "http.listen": "nosuch.invalid:5000" });

    for (const code of ["EADDRINUSE", "EINVAL"]) {
      const error = Object.assign(new Error("Failed to start server"), { code, syscall: "listen" });
      const { message, code: exit } = await explainStart(error, misspelt);

      expect(message).toStartWith("The host name nosuch.invalid has no address.");
      expect(exit).toBe(1);
    }
  });

  test("a data directory in use has exit code 4 and names the process", async () => {
    const { message, code } = await explainStart(
      new DirectoryBusyError("/srv/breadbox", 4711),
      config,
    );

    expect(message).toContain("/srv/breadbox is in use by another breadbox server (pid 4711)");
    expect(code).toBe(4);
  });

  test("an error meant for the operator is printed as it is", async () => {
    const file = "/srv/breadbox/breadbox.db";
    for (const error of [
      new SchemaTooNewError(file, "0099"),
      new DatabaseDamagedError(file, "restore it from a backup"),
    ]) {
      expect(await explainStart(error, config)).toEqual({ message: error.message, code: 1 });
    }
  });

  const system: [string, string][] = [
    ["EACCES", "This user may not write to /srv/breadbox/blobs."],
    ["EPERM", "This user may not write to /srv/breadbox/blobs."],
    ["EROFS", "/srv/breadbox/blobs is on a read-only file system."],
    ["ENOTDIR", "The data directory /srv/breadbox cannot be used"],
    ["SQLITE_CANTOPEN", "This user may not write the database in /srv/breadbox,"],
    ["SQLITE_READONLY", "This user may not write the database in /srv/breadbox,"],
    ["ENOSPC", "There is no space left for /srv/breadbox/blobs."],
  ];
  test.each(system)(
    "%s while opening the data directory is explained with its remedy",
    async (code, start) => {
      const error = Object.assign(new Error(`${code}: mkdir`), {
        code,
        path: "/srv/breadbox/blobs",
      });

      const failure = await explainStart(error, config);

      expect(failure.message).toStartWith(start);
      expect(failure.message).not.toContain("    at ");
      expect(failure.code).toBe(1);
    },
  );

  test("a data directory of another user is explained", async () => {
    const user = process.getuid?.() ?? 0;
    // The first process of the system is nobody's but its own; every user may look at its folder.
    const data = user === 0 ? await directoryOf(user + 1) : "/proc/1";
    const theirs = await configWith({ data });

    for (const code of ["EACCES", "SQLITE_CANTOPEN"]) {
      const { message } = await explainStart(Object.assign(new Error(code), { code }), theirs);
      expect(message).toContain(`${data} belongs to user ${user === 0 ? 1 : 0}, and this is user`);
    }
  });

  test("any other error is one sentence, with its stack only at log level debug", async () => {
    const error = new Error("the moon is full");
    const detailed = await configWith({ "log.level": "debug" });

    expect((await explainStart(error, config)).message).toBe(
      "Breadbox could not start: the moon is full\nFor more detail, set BREADBOX_LOG_LEVEL=debug.",
    );
    const { message } = await explainStart(error, detailed);
    expect(message).toContain("    at ");
    expect(message).not.toContain("LOG_LEVEL");
  });
});

describe("explainTool", () => {
  test.each(["EACCES", "EPERM", "EROFS", "SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY"])(
    "%s says which user to be",
    (code) => {
      const error = Object.assign(new Error("no"), { code });

      expect(explainTool(error, config)).toEqual({
        message:
          "This user may not read and write /srv/breadbox. Run the command as the user that the server runs as, and where it runs: in its container, if it has one. As root, a command works as the server's user.",
        code: 1,
      });
    },
  );

  test("an error meant for the operator is printed as it is", () => {
    const error = new NoStoreError("/srv/breadbox");

    expect(explainTool(error, config)).toEqual({ message: error.message, code: 1 });
  });

  test("any other error is one sentence", () => {
    const { message } = explainTool(new Error("the moon is full"), config);

    expect(message).toBe("The command failed: the moon is full");
  });
});

test("a free port has no holder", () => {
  const free = Bun.serve({ port: 0, fetch: () => new Response() });
  const port = free.port ?? 0;
  free.stop(true);

  expect(findPortHolder(port)).toBeNull();
});
