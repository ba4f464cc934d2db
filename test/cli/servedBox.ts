// A server as a process of its own, from its sources, with a bucket `box`: one that can be killed.
import { join } from "node:path";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  waitFor,
} from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { CommandRoom, createBucket } from "./bucketRoom.ts";
import { main } from "./command.ts";

export class ServedBox {
  readonly room: CommandRoom;
  readonly #scope: Scope;
  readonly #listen: string;
  #server: RunningProcess | null = null;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#listen = `127.0.0.1:${freePort()}`;
    this.room = new CommandRoom(scope, `http://${this.#listen}`);
  }

  /** Starts it, or starts it again. */
  async start(): Promise<void> {
    const args = ["serve", "--data", this.room.path("data"), "--listen", this.#listen];
    const options = { cwd: this.room.folder, log: join(this.room.folder, "log") };
    const isNew = this.#server === null;
    this.#server = startProcess(this.#scope, [process.execPath, main, ...args], options);
    const explain = this.#server.logs;
    await waitFor("the server", () => answers200(`${this.room.url}/readyz`), { explain });
    if (isNew) await createBucket(this.room.url);
  }

  async kill9(): Promise<void> {
    await this.#server?.kill9();
  }

  /** Parts of open uploads. */
  async parts(): Promise<number> {
    const answer = await fetch(`${this.room.url}/v1/buckets/box/multipart-uploads`);
    const { uploads }: { uploads: { parts: number }[] } = JSON.parse(await answer.text());
    return uploads.reduce((sum, { parts }) => sum + parts, 0);
  }
}
