// A server process behind the model's questions: HTTP on 127.0.0.1, and SIGKILL for a restart.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../../src/model/digest.ts";
import type { RunningRegistry } from "../../support/binary.ts";
import { waitFor } from "../../support/processes.ts";
import { request, talk } from "../../support/rawHttp.ts";
import type { Scope } from "../../support/scope.ts";
import { startRegistry } from "../../support/startRegistry.ts";
import type { Registry } from "./command.ts";
import type { Answer, Sent } from "./model.ts";

const own = "model/own";
const foreign = "model/foreign";

/** A registry whose process can be killed at any moment. */
export interface ServerRegistry extends Registry {
  readonly data: string;
  /** Sends a request and kills the process `afterMs` later; starts it again. @returns the answer, if it came before. */
  killDuring(request: () => Promise<Answer>, afterMs: number): Promise<Answer | null>;
  /** Restarts with a timeout of a second; returns when the sweep has dropped everything that was left over. */
  sweepAll(): Promise<void>;
}

/** Starts the server; the scope stops the last one. */
export async function serverRegistry(scope: Scope): Promise<ServerRegistry> {
  let server = await startRegistry(scope, { pollMs: 3 });
  const { data, port } = server;
  const again = async (env: Record<string, string> = {}): Promise<void> => {
    server = await startRegistry(scope, { data, port, pollMs: 3, env });
  };
  const stagedIds = () => readdir(join(data, "uploads"));
  return {
    ...requests(() => server),
    data,
    exact: false,
    killDuring: async (ask, afterMs) => {
      const answer = ask().catch(() => null);
      await Bun.sleep(afterMs);
      await server.kill9();
      await again();
      return answer;
    },
    restart: async () => {
      await server.kill9();
      await again();
    },
    wait: () => Promise.reject(new Error("nobody moves the clock of another process")),
    reset: async () => {
      for (const id of await stagedIds()) {
        await fetch(`${server.url}${sessionPath(id)}`, { method: "DELETE", keepalive: false });
      }
    },
    sweepAll: async () => {
      await server.kill9();
      await again({
        BREADBOX_STORAGE_UPLOAD_TIMEOUT: "1s",
        BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
      });
      await waitFor("the sweep", async () => (await stagedIds()).length === 0);
    },
    stagedIds,
  };
}

/** Where a server listens. */
export type Place = Pick<RunningRegistry, "url" | "port">;

type Requests = Pick<
  Registry,
  "start" | "patch" | "finish" | "status" | "cancel" | "uploadAtOnce" | "blob"
>;

const sessionPath = (id: string, name = own): string => `/v2/${name}/blobs/uploads/${id}`;

/** A replica that gives up a claim while the database is slow does so a moment after its answer; another one refuses meanwhile. */
const patienceMs = 15_000;

/** Asks again for as long as another request has the session, as clients do. */
export async function askPatiently(server: Place, asked: Asked): Promise<Answer> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const answer = await askServer(server, asked);
    if (answer.status !== 429 || performance.now() > until) return answer;
    await Bun.sleep(100);
  }
}

/** @param server asked for each request. @param askOne how one is asked. */
export function requests(server: () => Place, askOne: typeof askServer = askServer): Requests {
  const session = sessionPath;
  const ask = (path: string, method: string, sent?: Sent) =>
    askOne(server(), { path, method, sent });
  const send = async (
    id: string,
    path: string,
    { method, sent }: Pick<Asked, "method"> & { readonly sent: Sent },
  ) => {
    const place = server();
    const answer = await askOne(place, { path, method, sent });
    if (sent.cut) await untilFree(place, session(id));
    return answer;
  };
  return {
    start: async () => {
      const response = await fetch(`${server().url}/v2/${own}/blobs/uploads/`, {
        method: "POST",
        keepalive: false,
      });
      return response.headers.get("docker-upload-uuid") ?? "";
    },
    patch: (id, sent) => send(id, session(id), { method: "PATCH", sent }),
    finish: (id, sent, digest) =>
      send(id, `${session(id)}?digest=${digest}`, { method: "PUT", sent }),
    status: (id, isForeign) => ask(session(id, isForeign ? foreign : own), "GET"),
    cancel: (id, isForeign) => ask(session(id, isForeign ? foreign : own), "DELETE"),
    uploadAtOnce: (sent, digest) => ask(`/v2/${own}/blobs/uploads/?digest=${digest}`, "POST", sent),
    blob: (digest) => readBlob(server(), digest),
  };
}

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly sent: Sent | undefined;
}

/** A connection for each request: one that is kept may lead to a server that was killed. */
async function askServer(server: Place, { path, method, sent }: Asked): Promise<Answer> {
  const headers = contentRange(sent);
  if (sent?.cut === true) return askAndLeave(server.port, `${method} ${path}`, sent);
  const body =
    sent === undefined ? {} : { body: sent.length === null ? stream(sent.body) : sent.body };
  const url = `${server.url}${path}`;
  const response = await fetch(url, { ...body, method, headers, keepalive: false });
  await response.arrayBuffer();
  return { status: response.status, offset: offsetOf(response.headers.get("range")) };
}

function contentRange(sent: Sent | undefined): Record<string, string> {
  const range = sent?.range ?? null;
  return range === null ? {} : { "content-range": `${range.start}-${range.end}` };
}

function stream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Ends the connection before the body's end. The refusal of a chunk that was wrong anyway may still come back. */
async function askAndLeave(port: number, line: string, sent: Sent): Promise<Answer> {
  const framing: [string, string] =
    sent.length === null
      ? ["Transfer-Encoding", "chunked"]
      : ["Content-Length", String(sent.length)];
  const head = request(line, [...Object.entries(contentRange(sent)), framing]);
  const size = `${sent.body.length.toString(16)}\r\n`;
  const pieces =
    sent.length === null && sent.body.length > 0 ? [size, sent.body, "\r\n"] : [sent.body];
  const { answers } = await talk(port, [head, ...pieces], { halfClose: true, untilClose: true });
  const [answer] = answers;
  // What is said of the cut itself goes to nobody: no promise is about it.
  if (answer === undefined || answer.status === 400) return { status: 0, offset: null };
  return { status: answer.status, offset: offsetOf(answer.headers.get("range") ?? null) };
}

/** A cut connection frees its session without a timer: an empty chunk is taken as soon as the cut was noticed. */
async function untilFree(server: Place, path: string): Promise<void> {
  await waitFor(
    "the session to be free",
    async () => {
      const url = `${server.url}${path}`;
      const { status } = await fetch(url, { method: "PATCH", body: "", keepalive: false });
      return status !== 429;
    },
    { everyMs: 2 },
  );
}

/** `0-0` counts as nothing: no session here ever has a single byte. @returns null without a Range. */
function offsetOf(range: string | null): number | null {
  if (range === null) return null;
  const last = Number(range.slice(2));
  return last === 0 ? 0 : last + 1;
}

async function readBlob(server: Place, digest: Digest): Promise<Uint8Array | null> {
  const url = `${server.url}/v2/${own}/blobs/${digest}`;
  const response = await fetch(url, { keepalive: false });
  const bytes = await response.bytes();
  return response.status === 200 ? bytes : null;
}
