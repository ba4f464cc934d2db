// Two executables over one database whose connections are ended again and again, and which is killed and started while clients push: what
// was answered is there, and what was refused passes when it is sent again.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { imageType } from "../http/support/image.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { waitFor } from "../support/processes.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import { noise } from "../support/store.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 };
const repository = "/v2/lab/app";

/** What clients were told. */
class Told {
  /** Tag → digest. */
  readonly tags = new Map<string, string>();
  readonly blobs = new Set<string>();
  /** Times a request was sent again after a 5xx that asked for it. */
  retries = 0;
}

/** A client that sends each request to the replica whose turn it is, and again where it is asked to. */
class Client {
  readonly #urls: readonly string[];
  readonly #told: Told;
  #turn: number;

  constructor({ a, b }: Replicas, told: Told, turn: number) {
    this.#urls = [a.url, b.url];
    this.#told = told;
    this.#turn = turn;
  }

  async send(path: string, init: RequestInit = {}): Promise<Response> {
    for (let tries = 0; ; tries += 1) {
      this.#turn += 1;
      const answer = await fetch(`${this.#urls[this.#turn % 2]}${path}`, init);
      if (answer.status < 500) return answer;
      expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([503, true]);
      // Every answer of that kind is cured by a retry.
      expect(tries).toBeLessThan(20);
      this.#told.retries += 1;
      await Bun.sleep(100);
    }
  }

  /** POST at one replica, PUT at the other. */
  async pushBlob(bytes: Uint8Array<ArrayBuffer>) {
    const digest = digestOf(bytes);
    const begun = await this.send(`${repository}/blobs/uploads/`, { method: "POST" });
    expect(begun.status).toBe(202);
    const location = new URL(begun.headers.get("location") ?? "", "http://localhost").pathname;
    const put = { method: "PUT", body: bytes };
    const closed = await this.send(`${location}?digest=${digest}`, put);
    expect(closed.status).toBe(201);
    this.#told.blobs.add(digest);
    return { digest, size: bytes.length };
  }

  async pushImage(tag: string): Promise<void> {
    const config = { mediaType: "application/vnd.oci.image.config.v1+json" };
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar" };
    const body = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: imageType },
      config: { ...config, ...(await this.pushBlob(noise(200))) },
      layers: [{ ...layer, ...(await this.pushBlob(noise(20_000))) }],
    });
    const init = { method: "PUT", headers: { "content-type": imageType }, body };
    const { status } = await this.send(`${repository}/manifests/${tag}`, init);
    expect(status).toBe(201);
    this.#told.tags.set(tag, digestOf(new TextEncoder().encode(body)));
    await this.expectTag(tag);
  }

  /** Expects what was told of a tag at whichever replica is next. */
  async expectTag(tag: string): Promise<void> {
    const answer = await this.send(`${repository}/manifests/${tag}`, {
      headers: { accept: imageType },
    });
    const digest = digestOf(await answer.bytes());
    expect([tag, answer.status, digest]).toEqual([tag, 200, this.#told.tags.get(tag) ?? ""]);
  }
}

/** Pushes by `clients` at a time until `trouble` is over, then expects all of it at both replicas. */
async function pushWhile(
  replicas: Replicas,
  clients: number,
  trouble: (told: Told) => Promise<void>,
) {
  const told = new Told();
  let isOver = false;
  const pushing = Array.from({ length: clients }, async (_, number) => {
    const client = new Client(replicas, told, number);
    for (let image = 0; !isOver; image += 1) await client.pushImage(`c${number}-${image}`);
  });
  await Promise.all([
    ...pushing,
    trouble(told).finally(() => {
      isOver = true;
    }),
  ]);
  for (const turn of [0, 1]) {
    const client = new Client(replicas, told, turn);
    for (const tag of told.tags.keys()) await client.expectTag(tag);
    for (const digest of told.blobs) {
      const answer = await client.send(`${repository}/blobs/${digest}`);
      expect(String(digestOf(await answer.bytes()))).toBe(digest);
    }
  }
  const listed = await fetch(`${replicas.a.url}${repository}/tags/list`);
  expect(new Set(Object(await listed.json())["tags"])).toEqual(new Set(told.tags.keys()));
  return told;
}

clientTest("connections are ended again and again while clients push", needs, async (scope) => {
  const replicas = await startReplicas(scope);
  let ended = 0;

  const told = await pushWhile(replicas, 4, async ({ tags }) => {
    for (let time = 0; time < 60 || tags.size <= 4; time += 1) {
      ended += await replicas.database.dropConnections();
      await Bun.sleep(100);
    }
  });

  expect(ended).toBeGreaterThan(50);
  expect(told.tags.size).toBeGreaterThan(4);
});

clientTest("the database is killed and started while clients push", needs, async (scope) => {
  const replicas = await startReplicas(scope);

  const told = await pushWhile(replicas, 4, async ({ tags }) => {
    const pushed = (more: number): Promise<void> => {
      const wanted = tags.size + more;
      return waitFor("pushes", () => tags.size >= wanted, { timeoutMs: 60_000 });
    };
    for (let time = 0; time < 3; time += 1) {
      await pushed(2);
      await replicas.database.kill();
      await Bun.sleep(1_000);
      await replicas.database.restart();
    }
    await pushed(2);
  });

  expect(told.tags.size).toBeGreaterThan(4);
});
