// The compiled binary with TLS, and words to talk to it.
import { join } from "node:path";
import { breadboxBinary } from "./binary.ts";
import { freePort, type RunningProcess, startProcess, tempFolder, waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** A server that speaks TLS. */
export interface TlsServer extends RunningProcess {
  readonly port: number;
  /** `localhost:<port>`. */
  readonly host: string;
  readonly url: string;
  readonly data: string;
  /** One request; the certificate is not checked unless `tls` asks for it. */
  ask(path: string, init?: BunFetchRequestInit): Promise<Response>;
}

/** Starts `breadbox serve` with these additional arguments, and waits until it is ready. */
export async function startTls(
  scope: Scope,
  args: readonly string[],
  {
    env = {},
    data = join(tempFolder(scope, "tls"), "data"),
    probe = {} as BunFetchRequestInit,
  } = {},
): Promise<TlsServer> {
  const port = freePort();
  const host = `localhost:${port}`;
  const url = `https://${host}`;
  const place = ["--data", data, "--listen", `127.0.0.1:${port}`];
  const folder = tempFolder(scope, "log");
  const server = startProcess(scope, [await breadboxBinary(), "serve", ...place, ...args], {
    ...{ log: join(folder, "log"), cwd: folder, env },
  });
  const ask: TlsServer["ask"] = (path, init = {}) =>
    fetch(url + path, { keepalive: false, tls: { rejectUnauthorized: false }, ...init });
  await waitFor(
    url,
    async () => {
      if (server.hasExited()) throw new Error(`the server ended early\n${server.logs()}`);
      return (await ask("/readyz", probe).catch(() => null))?.status === 200;
    },
    { everyMs: 20, explain: server.logs },
  );
  return { ...server, port, host, url, data, ask };
}
