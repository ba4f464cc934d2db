// haproxy in front of several replicas: each request of a connection goes to the next one.
import { join } from "node:path";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "./processes.ts";
import type { Scope } from "./scope.ts";

/** A running proxy. */
export interface Haproxy extends RunningProcess {
  readonly port: number;
}

/** Starts it. @param ports of the replicas, on this machine. */
export async function startHaproxy(
  scope: Scope,
  ports: readonly number[],
  port = freePort(),
): Promise<Haproxy> {
  const folder = tempFolder(scope, "haproxy");
  const file = join(folder, "haproxy.cfg");
  await Bun.write(file, configuration(port, ports));
  const running = startProcess(scope, ["haproxy", "-db", "-f", file], { log: join(folder, "log") });
  const url = `http://127.0.0.1:${port}/readyz`;
  await waitFor("haproxy", () => answers200(url), { explain: running.logs });
  return { ...running, port };
}

/** Retried are requests only that reached no replica. A replica without an answer to its health check gets none. */
const configuration = (port: number, ports: readonly number[]): string => `global
  maxconn 4000
defaults
  mode http
  retries 3
  option redispatch 1
  timeout connect 5s
  timeout client 5m
  timeout server 5m
  timeout http-keep-alive 5m
frontend registry
  bind 127.0.0.1:${port}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk GET /readyz
  timeout check 10s
  default-server inter 1s fall 3 rise 1
${ports.map((at, number) => `  server replica${number} 127.0.0.1:${at} check`).join("\n")}
`;
