// `breadbox checks` as a process: the history of fsck, of a data directory and of a server.
import { expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { storedFiles } from "../support/dataFolder.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { Scope } from "../support/scope.ts";
import { breadbox } from "./command.ts";
import { UploadsRoom } from "./uploadsRoom.ts";

const image = buildImage({ seed: "checks", layerSizes: [300_000, 20_000] });

async function openRoom(scope: Scope) {
  const room = new UploadsRoom(scope);
  await room.startServer();
  await pushImage(`${room.url}/v2/team/app`, "1.0", image);
  const checks = (...args: readonly string[]) => breadbox(["checks", ...args]);
  return { room, checks, here: ["--data", room.data], there: ["--server", room.url] };
}

test("the result of fsck is listed and shown, with the server and without it", async () => {
  await using scope = new Scope();
  const { room, checks, here, there } = await openRoom(scope);
  const none = await checks("ls", ...here);
  expect([none.code, none.out]).toEqual([
    0,
    'There was no check yet: "breadbox fsck" makes one.\n',
  ]);
  expect((await checks("show", ...here)).code).toBe(1);

  const [file = ""] = await storedFiles(room.data);
  truncateSync(join(room.data, "blobs", file), 3);
  expect((await breadbox(["fsck", ...here])).code).toBe(1);

  const listed = await checks("ls", ...there);
  expect(listed.out).toMatch(/^ID +CHECK +BY +AGE +RESULT +FOUND +BLOBS +READ\n/);
  expect(listed.out).toMatch(/ fsck +command +\d+s +problems +1 problem +3 +0 B\n$/);
  const shown = await checks("show", ...there);
  expect([shown.code, shown.out]).toEqual([1, (await checks("show", ...here)).out]);
  expect(shown.out).toMatch(
    /\n! sha256:\w+: the file has 3 bytes, not \d+\. Pulls fail: team\/app:1\.0\.\n {2}breadbox fsck --repair\n {2}The command moves it to damaged\//,
  );
  const status = await breadbox(["status", ...here]);
  expect(status.code).toBe(1);
  expect(status.out).toMatch(
    /\n! The check of \d{4}-.* UTC found problems: breadbox checks show\n/,
  );

  const json = JSON.parse((await checks("show", "--json", ...here)).out);
  expect(json).toMatchObject({ state: "problems", findings: [{ kind: "content_size_differs" }] });
  expect((await checks("show", json.id, ...here)).out).toBe(shown.out);
  const unknown = await checks("show", "none", ...here);
  expect([unknown.code, unknown.err]).toEqual([
    1,
    "no such check; GET /v1/checks lists the latest ones\n",
  ]);
});

test("a check is begun on a server, which does it", async () => {
  await using scope = new Scope();
  const { checks, here, there } = await openRoom(scope);

  const started = await checks("start", "--full", "--json", ...there);

  expect(started.code).toBe(0);
  const { id } = JSON.parse(started.out);
  let check = JSON.parse(started.out);
  while (check.state === "running") {
    await Bun.sleep(50);
    check = JSON.parse((await checks("show", id, "--json", ...there)).out);
  }
  expect(check).toMatchObject({
    ...{ state: "clean", trigger: "api", full: true, contents: 3, problems: 0 },
  });
  expect(check.bytes_read).toBeGreaterThan(320_000);
  expect((await checks("show", ...here)).code).toBe(0);
  const local = await checks("start", ...here);
  expect([local.code, local.err]).toEqual([
    2,
    'error: name a server with --server, or run `breadbox fsck`.\nRun "breadbox checks start --help" for usage.\n',
  ]);
});
