// The compiled file as a user meets it: alone in a folder, started, asked, stopped.
import { describe, expect, test } from "bun:test";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { freePort, run, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";

/** Runs the executable to its end in `cwd`, or in a fresh empty folder. */
async function breadbox(scope: Scope, args: string[], cwd = tempFolder(scope, "cwd")) {
  return run([await breadboxBinary(), ...args], { cwd, mayFail: true });
}

describe("breadbox", () => {
  test("without arguments prints help", async () => {
    await using scope = new Scope();
    const { code, stdout } = await breadbox(scope, []);

    expect(code).toBe(0);
    expect(stdout).toContain("Usage: breadbox");
    expect(stdout).toContain("serve");
  });

  test("version prints the package's version and the platform", async () => {
    await using scope = new Scope();
    const { code, stdout } = await breadbox(scope, ["version"]);

    expect(code).toBe(0);
    expect(stdout).toStartWith(
      `breadbox ${manifest.version} (${process.platform}-${process.arch}, `,
    );
  });

  test("an unknown command exits with the usage error code", async () => {
    await using scope = new Scope();
    const { code, output } = await breadbox(scope, ["serv"]);

    expect(code).toBe(2);
    expect(output).toContain("serv");
  });
});

describe("breadbox in a folder of another user", () => {
  test("runs no code and reads no .env file from that folder", async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "hostile");
    await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./hostile.ts"]\n');
    await Bun.write(join(folder, "hostile.ts"), 'await Bun.write("./executed", "");\n');
    await Bun.write(join(folder, ".env"), "BREADBOX_HTTP_LISTEN=0.0.0.0:6666\n");

    const { code, stdout } = await breadbox(scope, ["config", "show", "--json"], folder);

    expect(code).toBe(0);
    expect(stdout).toContain("127.0.0.1:5000");
    expect(await readdir(folder)).not.toContain("executed");
  });
});

describe("breadbox serve", () => {
  test("runs in an empty folder, answers, and exits with 0 on SIGTERM", async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "alone");
    await copyFile(await breadboxBinary(), join(folder, "breadbox"));
    const server = await startBreadbox(scope, { binary: join(folder, "breadbox"), cwd: folder });

    const answer = await fetch(`${server.url}/v2/`);

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({});
    expect(await server.stop()).toBe(0);
    expect(await readdir(folder)).toEqual(["breadbox"]);
  });

  test("on 127.0.0.1 answers at localhost by IPv6 as well, where the machine has it", async () => {
    await using scope = new Scope();
    const { port } = await startBreadbox(scope);
    const hasIpv6 = await Bun.file("/proc/net/if_inet6").exists();

    const asked = fetch(`http://[::1]:${port}/v2/`).then(({ status }) => status);
    if (hasIpv6) expect(await asked).toBe(200);
    else await expect(asked).rejects.toThrow();
  });

  test("at a taken port ends with exit code 5, and leaves no new data directory behind", async () => {
    await using scope = new Scope();
    const first = await startBreadbox(scope);
    const cwd = tempFolder(scope, "second");

    const second = await breadbox(scope, ["serve", "-d", "new", "-l", first.host], cwd);

    expect([second.code, second.output]).toEqual([
      5,
      expect.stringContaining(`Port ${first.port} is in use`),
    ]);
    expect(await readdir(cwd)).toEqual([]);
  });

  test("where no directory can be created says so, and what to do", async () => {
    await using scope = new Scope();
    const listen = `127.0.0.1:${freePort()}`;

    const refused = await breadbox(scope, ["serve", "--data", "/proc/x", "--listen", listen]);

    expect([refused.code, refused.output]).toEqual([
      1,
      "The data directory /proc/x cannot be created: the system has no folders at that place. Name another: breadbox serve --data DIR\n",
    ]);
  });

  test("refuses a data directory that another server uses, with exit code 4", async () => {
    await using scope = new Scope();
    const first = await startBreadbox(scope);

    const listen = `127.0.0.1:${freePort()}`;
    const second = await breadbox(scope, ["serve", "--data", first.data, "--listen", listen]);

    expect(second.code).toBe(4);
    expect(second.output).toContain(first.data);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  });

  test("starts again on the directory of a server that was killed", async () => {
    await using scope = new Scope();
    const first = await startBreadbox(scope);
    await first.kill9();

    const second = await startBreadbox(scope, { data: first.data });

    expect((await fetch(`${second.url}/v2/`)).status).toBe(200);
  });

  test("names the port that is taken and exits with code 5", async () => {
    await using scope = new Scope();
    const first = await startBreadbox(scope);

    const data = join(tempFolder(scope, "data"), "second");
    const second = await breadbox(scope, ["serve", "--data", data, "--listen", first.host]);

    expect(second.code).toBe(5);
    expect(second.output).toContain(`Port ${first.port} is in use`);
  });

  test("explains that its data directory is a file, without a stack", async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "file");
    await mkdir(join(folder, "cwd"));
    await Bun.write(join(folder, "data"), "not a directory");

    const { code, output } = await breadbox(
      scope,
      ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"],
      join(folder, "cwd"),
    );

    expect(code).toBe(1);
    expect(output).toContain(join(folder, "data"));
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("treats two SIGINTs at once, as npm sends, as one: a running upload finishes", async () => {
    await using scope = new Scope();
    const server = await startBreadbox(scope);
    const upload = await openUpload(server);

    process.kill(server.pid, "SIGINT");
    process.kill(server.pid, "SIGINT");
    upload.finish();

    expect((await upload.answer).status).toBe(201);
    expect(await server.exited).toBe(0);
  });
});

/** Starts an upload in one request and leaves its body open until `finish`. Resolves when the server has staged bytes of it. */
async function openUpload({ url, data }: RunningRegistry) {
  const bytes = new Uint8Array(1_048_576).fill(7);
  const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const rest = Promise.withResolvers<void>();
  const body = async function* () {
    yield bytes.subarray(0, 512 * 1024);
    await rest.promise;
    yield bytes.subarray(512 * 1024);
  };
  const answer = fetch(`${url}/v2/team/app/blobs/uploads/?digest=sha256:${digest}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: body(),
  });
  await waitFor("staged bytes", async () => {
    const staged = await Array.fromAsync(new Bun.Glob("uploads/*/data").scan(data));
    return staged.some((file) => Bun.file(join(data, file)).size > 0);
  });
  return { answer, finish: rest.resolve };
}

clientTest(
  "root is told that a data directory is on a read-only file system",
  { commands: ["mount", "umount"], root: true },
  async (scope) => {
    const folder = await mountSmallDisk(scope);
    await run(["mount", "-o", "remount,ro", folder]);
    const listen = `127.0.0.1:${freePort()}`;

    const refused = await breadbox(scope, ["serve", "--data", folder, "--listen", listen]);

    expect([refused.code, refused.output]).toEqual([
      1,
      `${folder} is on a read-only file system. Name another data directory: breadbox serve --data DIR\n`,
    ]);
  },
);
