// A server that runs from source in a folder of its own, and `breadbox uploads` as a process beside it.
import { join } from "node:path";
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

/** A session, as its client knows it. */
export interface Session {
  readonly id: string;
  /** Its address, whole. */
  readonly location: string;
}

/** A server and its data directory. */
export class UploadsRoom {
  readonly folder: string;
  readonly data: string;
  readonly #scope: Scope;
  #port = 0;
  #server: RunningProcess | null = null;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.folder = tempFolder(scope, "uploads");
    this.data = join(this.folder, "data");
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async startServer(): Promise<void> {
    this.#port = freePort();
    const args = ["serve", "--data", this.data, "--listen", `127.0.0.1:${this.#port}`];
    const log = join(this.folder, "log");
    const options = { cwd: this.folder, log };
    this.#server = startProcess(this.#scope, [process.execPath, main, ...args], options);
    const explain = this.#server.logs;
    await waitFor("the server", () => answers200(`${this.url}/readyz`), { explain });
  }

  async stopServer(): Promise<void> {
    await this.#server?.stop();
  }

  /** Runs `breadbox uploads …` on the server's data directory, or another. */
  uploads(args: readonly string[], directory = this.data): Promise<Ended> {
    return breadbox(["uploads", ...args, "--data", directory], { cwd: this.folder });
  }

  async listed(): Promise<{ id: string; state: string }[]> {
    return JSON.parse((await this.uploads(["ls", "--json"])).out).uploads;
  }

  async start(repository = "team/app"): Promise<Session> {
    const answer = await fetch(`${this.url}/v2/${repository}/blobs/uploads/`, { method: "POST" });
    const location = `${this.url}${answer.headers.get("location")}`;
    return { location, id: answer.headers.get("docker-upload-uuid") ?? "" };
  }

  append({ location }: Session, text: string): Promise<Response> {
    return fetch(location, { method: "PATCH", body: text });
  }

  /** A PATCH that has sent half of its body; `finish` sends the rest and tells the answer's status. */
  async openWriter({ location }: Session) {
    const rest = Promise.withResolvers<void>();
    const body = async function* () {
      yield "first half";
      await rest.promise;
      yield "second half";
    };
    const answer = fetch(location, { method: "PATCH", body: body() });
    const isWriting = async () => (await this.listed()).some(({ state }) => state === "writing");
    await waitFor("the writer", isWriting);
    return {
      finish: async (): Promise<number> => {
        rest.resolve();
        return (await answer).status;
      },
    };
  }
}
