// A server from its sources whose heap can be looked at, and requests of one kind after the other.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { administrator, withLogins } from "../gc/race/accounts.ts";
import { projectRoot } from "../support/binary.ts";
import { answers200, freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { anonymousBytes } from "../support/procfs.ts";
import { type Scope, signal } from "../support/scope.ts";

/** What the heaps hold: the objects of the main thread by type, and in all. */
export interface Heap {
  readonly objectCount: number;
  readonly objectTypeCounts: Readonly<Record<string, number>>;
  /** Of the main thread: objects, and buffers that belong to them. */
  readonly heapBytes: number;
  /** The same of each worker that was idle. */
  readonly workerBytes: readonly number[];
}

/** What is looked at of an answer. */
export interface Answered {
  readonly headers: Headers;
  readonly text: string;
}

/** @returns the id in the answer to an initiation. */
export const uploadIdIn = (text: string): string | undefined =>
  /"upload_id":"([^"]+)"/.exec(text)?.[1];

/** A request as an administrator, unless its headers say otherwise. @throws Error for an answer of another status than that, or than those. */
export type Send = (
  status: number | readonly number[],
  method: string,
  path: string,
  init?: RequestInit,
) => Promise<Answered>;

/** The server, and what its heap holds once its garbage is collected. */
export interface GrowingServer {
  readonly send: Send;
  readonly port: number;
  readonly pid: number;
  look(): Promise<Heap>;
  /** Bytes that belong to the process alone, not to files. */
  ownBytes(): number;
}

/** Starts it from its sources, or its executable; everybody has to log in. @param settings environment variables. */
export async function startGrowing(
  scope: Scope,
  executable: string | null = null,
  settings: Readonly<Record<string, string>> = {},
): Promise<GrowingServer> {
  const folder = tempFolder(scope, "growth");
  const [heap, port] = [join(folder, "heap.json"), freePort()];
  const url = `http://127.0.0.1:${port}`;
  const preload = ["--preload", join(import.meta.dir, "hook.ts")];
  const options = executable === null ? {} : { BUN_OPTIONS: preload.join(" ") };
  const sources = [process.execPath, ...preload, join(projectRoot, "src/main.ts")];
  const serve = ["serve", "--data", join(folder, "data"), "--listen", `127.0.0.1:${port}`];
  const server = startProcess(
    scope,
    [...(executable === null ? sources : [executable]), ...serve],
    {
      ...{ log: join(folder, "log"), cwd: folder },
      env: {
        ...{ ...withLogins, ...options, ...settings },
        ...{ BREADBOX_TEST_HEAP: heap, BREADBOX_LOG_LEVEL: "error" },
      },
    },
  );
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: server.logs });
  const send: Send = async (status, method, path, init = {}) => {
    const answer = await fetch(`${url}${path}`, {
      ...{ headers: { authorization: administrator }, ...init, method },
    });
    const text = await answer.text();
    if ([status].flat().includes(answer.status)) return { headers: answer.headers, text };
    throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  };
  const look = async (): Promise<Heap> => {
    rmSync(heap, { force: true });
    signal(server.pid, "SIGUSR2");
    await waitFor("the heap", () => existsSync(heap), { explain: server.logs });
    return JSON.parse(readFileSync(heap, "utf8"));
  };
  const { pid } = server;
  return { send, port, pid, look, ownBytes: () => anonymousBytes([pid]) };
}
