// Server-sent events: what open pages hear, how many may listen, and when a stream ends.
import { describe, expect, test } from "bun:test";
import { LiveFeed, mostStreams, type Readers } from "../../src/http/liveFeed.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { startUpload } from "../../src/uploads/uploads.ts";
import { waitFor } from "../support/processes.ts";
import { basic, openClosed, password } from "./support/accessRoom.ts";
import { openRegistry } from "./support/registry.ts";

const often = { lookEveryMs: 2, signEveryMs: 100_000, longestMs: 1_000_000 };
const text = new TextDecoder();

/** A feed of one state, which a test changes. */
function openFeed(times: Partial<typeof often> = {}) {
  const told = { state: 0, looks: 0 };
  const read = async () => {
    told.looks += 1;
    return told.state;
  };
  const readers: Readers = { uploads: read, gc: read, checks: read };
  return { told, feed: new LiveFeed(readers, { ...often, ...times }) };
}

/** Reads a stream up to `part`. */
async function readTo(
  reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> },
  part: string,
) {
  let seen = "";
  while (!seen.includes(part)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended after ${seen}`);
    seen += text.decode(value);
  }
  return seen;
}

describe("a stream", () => {
  test("tells the state at once, and again only when it has changed", async () => {
    const { told, feed } = openFeed();
    const reader = feed.open(["gc"]).getReader();
    expect(await readTo(reader, "data: 0\n\n")).toBe("retry: 2000\n\nevent: gc\ndata: 0\n\n");
    const { looks } = told;
    await waitFor("some looks", () => told.looks > looks + 3);
    told.state = 1;
    expect(await readTo(reader, "\n\n")).toBe("event: gc\ndata: 1\n\n");
    feed.close();
  });

  test("costs nothing once nobody listens", async () => {
    const { told, feed } = openFeed();
    const reader = feed.open(["gc"]).getReader();
    await readTo(reader, "data: 0");
    await reader.cancel();
    expect(feed.size).toBe(0);
    const { looks } = told;
    await Bun.sleep(30);
    expect(told.looks).toBe(looks);
  });

  test("shares its look with the others", async () => {
    const { told, feed } = openFeed({ lookEveryMs: 100_000 });
    const readers = [feed.open(["gc"]), feed.open(["gc"])].map((each) => each.getReader());
    feed.open(["gc"]);
    for (const reader of readers.slice(0, 1)) await readTo(reader, "data: 0");
    expect(told.looks).toBeLessThanOrEqual(2);
    feed.close();
  });

  test("gives signs of life", async () => {
    const { feed } = openFeed({ signEveryMs: 2 });
    expect(await readTo(feed.open(["gc"]).getReader(), ":\n\n")).toContain(":\n\n");
    feed.close();
  });

  test("ends after its time, when the server stops, and when its client does not read", async () => {
    const ended = async (stream: ReadableStream<Uint8Array>) => {
      for await (const _ of stream);
      return "ended";
    };
    const short = openFeed({ longestMs: 5 });
    expect(await ended(short.feed.open(["gc"]))).toBe("ended");
    const { feed, told } = openFeed();
    const stream = feed.open(["gc"]);
    feed.close();
    expect(await ended(stream)).toBe("ended");
    expect(() => feed.open(["gc"])).toThrow("");
    const slow = openFeed();
    slow.feed.open(["gc"]);
    await waitFor("the end of it", () => {
      Object.assign(slow.told, { state: "x".repeat(100_000) + slow.told.looks });
      return slow.feed.size === 0;
    });
    expect(told.state).toBe(0);
  });

  test("survives a state that cannot be read", async () => {
    let isBroken = true;
    const read = async () => {
      if (isBroken) throw new Error("SQLITE_BUSY");
      return 7;
    };
    const feed = new LiveFeed({ uploads: read, gc: read, checks: read }, often);
    const reader = feed.open(["gc"]).getReader();
    await readTo(reader, "retry");
    isBroken = false;
    expect(await readTo(reader, "data")).toContain("data: 7");
    feed.close();
  });

  test(`is one of ${mostStreams} at the most`, () => {
    const { feed } = openFeed();
    for (let count = 0; count < mostStreams; count += 1) feed.open(["gc"]);
    expect(() => feed.open(["gc"])).toThrow();
    feed.close();
    expect(feed.size).toBe(0);
  });
});

describe("GET /v1/events", () => {
  test("tells of open uploads, and ends when the server stops", async () => {
    await using registry = await openRegistry();
    const repository = parseRepositoryName("lab/app");
    const { id } = await startUpload(registry.store.rooms.uploads, repository);
    const answer = await fetch(`${registry.url}/v1/events?topics=uploads,gc`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const reader = answer.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    expect(await readTo(reader, "event: gc")).toContain(
      `[{"id":"${id}","bytes":0,"writing":false}]`,
    );
    const stopped = registry.http.drain(60_000);
    let isDone = false;
    while (!isDone) isDone = (await reader.read()).done;
    await stopped;
  });

  test.each(["", "?topics=", "?topics=passwords", "?topics=gc,"])(
    "with %p is refused",
    async (query) => {
      await using registry = await openRegistry();
      expect((await fetch(`${registry.url}/v1/events${query}`)).status).toBe(400);
    },
  );

  test("is for those who may see collections", async () => {
    await using room = await openClosed();
    await room.accounts.addUser("ann", { password, isAdmin: false });
    const path = "/v1/events?topics=gc";
    const anonymous = await room.ask("GET", path, null, {
      headers: { accept: "text/event-stream" },
    });
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([
      ...[401, expect.stringContaining("Form")],
    ]);
    expect(await room.status("GET", path, basic("ann"))).toBe(403);
  });
});

describe("open uploads", () => {
  test("are listed with what arrives, in pages, and ended", async () => {
    await using registry = await openRegistry();
    const { uploads } = registry.store.rooms;
    const repository = parseRepositoryName("lab/app");
    const first = await startUpload(uploads, repository);
    const second = await startUpload(uploads, repository);
    const list = async (query = "") => (await fetch(`${registry.url}/v1/uploads${query}`)).json();

    expect(await list("?limit=1")).toMatchObject({
      uploads: [
        {
          ...{ id: first.id, repository: "lab/app", offset: 0, arriving: 0, writing: false },
          started_by: null,
        },
      ],
      next: first.id,
    });
    expect(await list(`?after=${first.id}`)).toMatchObject({
      uploads: [{ id: second.id }],
      next: null,
    });
    expect((await fetch(`${registry.url}/v1/uploads?after=x`)).status).toBe(400);

    const end = () => fetch(`${registry.url}/v1/uploads/${first.id}`, { method: "DELETE" });
    expect((await end()).status).toBe(204);
    expect((await end()).status).toBe(404);
    expect(await list()).toMatchObject({ uploads: [{ id: second.id }] });
  });

  test("name who began them, those in parts of all buckets too", async () => {
    await using room = await openClosed();
    const who = basic("root");
    const json = async (path: string) => (await room.ask("GET", path, who)).json();
    const post = (path: string, body: object) =>
      room.ask("POST", path, who, {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await room.ask("POST", "/v2/lab/app/blobs/uploads/", who);
    await post("/v1/buckets", { name: "backups" });
    const begun = await post("/v1/buckets/backups/multipart-uploads", { object: "a/b" });
    const { upload_id: id } = Object(await begun.json());
    const part = { body: new Uint8Array(70) };
    const put = await room.ask(
      "PUT",
      `/v1/buckets/backups/multipart-uploads/${id}/parts/1`,
      who,
      part,
    );
    expect(put.status).toBe(200);

    expect(await json("/v1/uploads")).toMatchObject({ uploads: [{ started_by: "user:root" }] });
    expect(await json("/v1/multipart-uploads")).toMatchObject({
      uploads: [
        {
          ...{ bucket: "backups", object: "a/b", parts: 1, bytes: 70, completing: false },
          started_by: "user:root",
        },
      ],
      next: null,
    });
    expect(await json(`/v1/multipart-uploads?after=${id}`)).toEqual({ uploads: [], next: null });
    expect(await room.status("GET", "/v1/multipart-uploads?after=x", who)).toBe(400);
  });
});
