// A server that runs from source, pushes to it, and `breadbox gc` and `why` as processes beside it. Leases last for a second.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { sha256 } from "../support/bytes.ts";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { breadbox, type Ended, main } from "./command.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** A server and its data directory. */
export class GcRoom {
  readonly data: string;
  readonly #scope: Scope;
  readonly #folder: string;
  readonly #minAge: string;
  #url = "";
  #server: RunningProcess | null = null;

  constructor(scope: Scope, minAge = "0") {
    this.#scope = scope;
    this.#folder = tempFolder(scope, "gc");
    this.data = join(this.#folder, "data");
    this.#minAge = minAge;
  }

  async startServer(): Promise<void> {
    const port = freePort();
    this.#url = `http://127.0.0.1:${port}`;
    const args = ["serve", "--data", this.data, "--listen", `127.0.0.1:${port}`];
    const log = join(this.#folder, "log");
    const env = this.#env();
    const options = { cwd: this.#folder, log, env };
    this.#server = startProcess(this.#scope, [process.execPath, main, ...args], options);
    const explain = this.#server.logs;
    await waitFor("the server", () => answers200(`${this.#url}/readyz`), { explain });
  }

  /** Where the server is. */
  get url(): string {
    return this.#url;
  }

  async stopServer(): Promise<void> {
    await this.#server?.stop();
  }

  /** The database beside the server, which writes to it whenever it likes. Closed by who opened it. */
  openDatabase(): Database {
    const client = new Database(join(this.data, "breadbox.db"));
    client.run("PRAGMA busy_timeout = 5000");
    return client;
  }

  /** Runs a command on the data directory. */
  run(...args: readonly string[]): Promise<Ended> {
    return breadbox([...args, "--data", this.data], { cwd: this.#folder, env: this.#env() });
  }

  /** Pushes a blob. @returns its digest. */
  async pushBlob(text: string, repository = "team/app"): Promise<string> {
    const digest = sha256(text);
    const target = `${this.#url}/v2/${repository}/blobs/uploads/?digest=${digest}`;
    const answer = await fetch(target, { method: "POST", body: text });
    if (answer.status !== 201) throw new Error(`blob: ${answer.status}`);
    return digest;
  }

  /** Pushes a manifest of these layers under a tag. @returns its digest. */
  async pushImage(tag: string, layers: readonly string[]): Promise<string> {
    const config = await this.pushBlob("{}");
    const descriptors = [];
    for (const layer of layers) {
      const digest = await this.pushBlob(layer);
      descriptors.push({ mediaType: "application/octet-stream", digest, size: layer.length });
    }
    return this.put(tag, manifestType, {
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 2 },
      layers: descriptors,
    });
  }

  /** Pushes an index of manifests under a tag. @returns its digest. */
  pushIndex(tag: string, manifests: readonly { digest: string; size: number }[]): Promise<string> {
    const children = manifests.map((child) => ({ mediaType: manifestType, ...child }));
    return this.put(tag, "application/vnd.oci.image.index.v1+json", { manifests: children });
  }

  async put(reference: string, mediaType: string, rest: object): Promise<string> {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...rest });
    const answer = await fetch(`${this.#url}/v2/team/app/manifests/${reference}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body,
    });
    if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${await answer.text()}`);
    return sha256(body);
  }

  /** Puts an object, `bucket/name`. Its bucket is made with it. */
  async putObject(path: string, text: string): Promise<void> {
    const [bucket = "", ...name] = path.split("/");
    await fetch(`${this.#url}/v1/buckets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: bucket }),
    });
    const target = `${this.#url}/v1/buckets/${bucket}/objects/${name.join("/")}`;
    const answer = await fetch(target, { method: "PUT", body: text });
    if (!answer.ok) throw new Error(`object: ${answer.status} ${await answer.text()}`);
  }

  /** Takes a tag away; its manifest stays. @returns the status. */
  async deleteTag(tag: string): Promise<number> {
    const target = `${this.#url}/v2/team/app/manifests/${tag}`;
    return (await fetch(target, { method: "DELETE" })).status;
  }

  async sizeOf(reference: string): Promise<number> {
    const target = `${this.#url}/v2/team/app/manifests/${reference}`;
    const answer = await fetch(target, { method: "HEAD" });
    return Number(answer.headers.get("content-length"));
  }

  #env(): Record<string, string> {
    return { BREADBOX_GC_MIN_AGE: this.#minAge };
  }
}
