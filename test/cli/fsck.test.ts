// `breadbox fsck` as a process: what it prints, how it ends, beside a server that works, and on a disk that fails.
import { expect, test } from "bun:test";
import { existsSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { inspectData } from "../support/inspect.ts";
import { Scope } from "../support/scope.ts";
import { breadbox, type Ended } from "./command.ts";
import { UploadsRoom } from "./uploadsRoom.ts";

const image = buildImage({ seed: "fsck", layerSizes: [300_000, 20_000] });

async function openRoom(scope: Scope): Promise<UploadsRoom> {
  const room = new UploadsRoom(scope);
  await room.startServer();
  await pushImage(`${room.url}/v2/team/app`, "1.0", image);
  return room;
}

const fsck = (data: string, args: readonly string[], behind: readonly string[] = []) =>
  breadbox(["fsck", ...args, "--data", data], { behind });

const lastLine = ({ out }: Ended): string | undefined => out.trimEnd().split("\n").at(-1);

test("fsck of an undamaged store exits with 0 while its server is running", async () => {
  await using scope = new Scope();
  const { data } = await openRoom(scope);

  const ended = await fsck(data, ["--full"]);

  expect([ended.code, ended.err]).toEqual([0, ""]);
  expect(ended.out).toMatch(
    /^Checked in \d+s: the database, 3 stored blobs \(338 KB, all read and hashed\), 1 manifest, 0 objects, 0 open uploads\.\n/,
  );
  expect(lastLine(ended)).toBe("No problems.");
});

test("fsck names damage with its tags, repairs it once, and reports it healed after a push", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope);
  const [file = ""] = await storedFiles(room.data);
  truncateSync(join(room.data, "blobs", file), 3);

  const found = await fsck(room.data, []);
  expect(found.code).toBe(1);
  expect(found.out).toContain("the file has 3 bytes, not ");
  expect(found.out).toContain("Pulls fail: team/app:1.0. --repair moves it to damaged/");
  expect(lastLine(found)).toBe("1 problem left.");

  const repaired = await fsck(room.data, ["--repair"]);
  expect(repaired.code).toBe(1);
  expect(lastLine(repaired)).toBe("1 blob to be pushed again.");
  expect(existsSync(join(room.data, "damaged", file))).toBeTrue();

  const json = JSON.parse((await fsck(room.data, ["--json"])).out);
  expect(json).toMatchObject({
    clean: false,
    full: false,
    not_listed: 0,
    checked: { contents: 3 },
  });
  expect(json.findings[0]).toMatchObject({
    severity: "problem",
    kind: "content_waits",
    holders: { tags: [{ repository: "team/app", name: "1.0" }] },
  });

  await pushImage(`${room.url}/v2/team/app`, "1.0", image);
  expect((await fsck(room.data, ["--full"])).code).toBe(0);
});

test("fsck refuses options that exclude each other, and a folder that is no data directory", async () => {
  await using scope = new Scope();
  const { folder } = new UploadsRoom(scope);

  expect((await fsck(folder, ["--full", "--quick"])).code).toBe(2);
  const nothing = await fsck(folder, []);
  expect(nothing.code).toBe(1);
  expect(nothing.err).toContain("is not a data directory of Breadbox");
});

test("fsck reports no damage during concurrent pushes, object puts, deletions and collections", async () => {
  await using scope = new Scope();
  const room = new UploadsRoom(scope);
  // Without a grace period what is pushed may go at once: pushes break, and files vanish all the time.
  await Bun.write(join(room.folder, "breadbox.yml"), "gc:\n  minAge: 0\n");
  await room.startServer();
  await ask(room, "POST", "", JSON.stringify({ name: "busy" }));
  let isOver = false;
  const works = [pushAndRemove, pushAndRemove, pushAndRemove, putAndRemove, putAndRemove];
  const lanes = Promise.allSettled(
    works.map(async (work, lane) => {
      for (let round = 0; !isOver; round += 1) await work(room, lane, round);
    }),
  );

  try {
    for (let run = 0; run < 40; run += 1) {
      const { judged } = await inspectData(room.data, run % 2 === 0);
      expect(judged.filter(({ severity }) => severity !== "notice")).toEqual([]);
    }
  } finally {
    isOver = true;
    await lanes;
  }

  expect((await lanes).filter(({ status }) => status === "rejected")).toEqual([]);
  expect((await inspectData(room.data)).clean).toBeTrue();
  const metrics = await (await fetch(`${room.url}/metrics`)).text();
  const deleted = /^breadbox_gc_deleted_blobs_total (\d+)$/m.exec(metrics)?.[1];
  expect(Number(deleted)).toBeGreaterThan(0);
}, 60_000);

async function pushAndRemove({ url }: UploadsRoom, lane: number, round: number): Promise<void> {
  const repository = `${url}/v2/busy/lane-${lane}`;
  const pushed = buildImage({ seed: `busy/${round % 4}`, layerSizes: [200_000 + lane, 9_000] });
  const remove = (path: string) => fetch(`${repository}/${path}`, { method: "DELETE" });
  await pushImage(repository, "latest", pushed).catch(refused);
  await remove(`manifests/${pushed.manifest.digest}`);
  await Promise.all(pushed.blobs.map(({ digest }) => remove(`blobs/${digest}`)));
  await fetch(`${url}/v1/gc`, { method: "POST" });
}

/** An object whole, the same again in parts of which one is replaced; each time another end of it. */
async function putAndRemove(room: UploadsRoom, lane: number, round: number): Promise<void> {
  const object = `lane-${lane}/path`;
  const text = `${round % 4} `.repeat(30_000);
  await ask(room, "PUT", `/busy/objects/${object}`, text);
  const initiated = await ask(room, "POST", "/busy/multipart-uploads", JSON.stringify({ object }));
  const upload = `/busy/multipart-uploads/${Object(initiated).upload_id}`;
  await Promise.all([1, 1, 2].map((part) => ask(room, "PUT", `${upload}/parts/${part}`, text)));
  const { parts } = Object(await ask(room, "GET", `${upload}/parts`));
  if (round % 3 === 0) await ask(room, "DELETE", upload);
  else await ask(room, "POST", `${upload}/complete`, JSON.stringify({ parts }));
  await ask(room, "DELETE", `/busy/objects/${object}`);
}

async function ask({ url }: UploadsRoom, method: string, path: string, body?: string) {
  const headers = { "Content-Type": method === "POST" ? "application/json" : "text/plain" };
  const answer = await fetch(`${url}/v1/buckets${path}`, {
    method,
    headers,
    ...(body && { body }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
  return isJson ? JSON.parse(text) : null;
}

/** The one thing that may happen to a push that nothing protects. */
function refused(error: unknown): void {
  if (!String(error).includes("MANIFEST_BLOB_UNKNOWN")) throw error;
}

for (const [errno, calls] of [
  ["EIO", "%%stat,statx"],
  ["EACCES", "openat"],
  ["EIO", "read,pread64"],
] as const) {
  clientTest(
    `${errno} of ${calls} is no damage: it is told, nothing is repaired, and the end is not 0`,
    { commands: ["strace"] },
    async (scope) => {
      const room = await openRoom(scope);
      await room.stopServer();
      const [failing = "", damaged = ""] = await storedFiles(room.data);
      truncateSync(join(room.data, "blobs", damaged), 3);
      const path = join(room.data, "blobs", failing);
      const inject = ["-P", path, "-e", `trace=${calls}`, "-e", `inject=${calls}:error=${errno}`];
      const strace = ["strace", "-f", "-qq", "-o", "/dev/null", ...inject];

      const ended = await fsck(room.data, ["--full", "--repair"], strace);

      expect(ended.code).toBe(1);
      expect(ended.out).toContain("Could not be checked:");
      expect(ended.out).toContain(`sha256:${failing.slice(10, 74)}: ${errno}`);
      expect(ended.out).toContain("Nothing was repaired: not everything could be checked.");
      expect(existsSync(join(room.data, "damaged"))).toBeFalse();
      expect((await fsck(room.data, [])).out).toContain("the file has 3 bytes");
    },
  );
}

clientTest(
  "a folder that cannot be listed is no empty folder",
  { commands: ["strace"] },
  async (scope) => {
    const room = await openRoom(scope);
    await room.stopServer();
    const [file = ""] = await storedFiles(room.data);
    const folder = dirname(join(room.data, "blobs", file));
    const inject = ["-P", folder, "-e", "trace=getdents64", "-e", "inject=getdents64:error=EIO"];

    const ended = await fsck(room.data, [], ["strace", "-f", "-qq", "-o", "/dev/null", ...inject]);

    expect(ended.code).toBe(1);
    expect(ended.out).toContain("the names of stored content: EIO");
  },
);
