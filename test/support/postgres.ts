// A PostgreSQL server of our own: Debian's package, a temporary folder, an unprivileged user, loopback only.
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import type { Pair } from "../../src/tls/authority.ts";
import { writePair } from "./certificates.ts";
import {
  freePort,
  memoryFolder,
  type RunningProcess,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "./processes.ts";
import { type Scope, signal } from "./scope.ts";

/** Where Debian keeps the programs of each version. */
const versions = "/usr/lib/postgresql";

/** The folder of the newest server that is installed; null where there is none. */
export function findPostgres(): string | null {
  if (!existsSync(versions)) return null;
  const [newest] = readdirSync(versions)
    .map(Number)
    .filter((version) => existsSync(`${versions}/${version}/bin/initdb`))
    .sort((one, two) => two - one);
  return newest === undefined ? null : `${versions}/${newest}/bin`;
}

/** Why a test with PostgreSQL cannot run on this machine; null when it can. */
export function postgresIsMissing(): string | null {
  return findPostgres() === null ? "postgresql not installed" : null;
}

/** A running server. */
export interface PostgresServer {
  readonly port: number;
  /** A superuser's connection. */
  readonly admin: Sql;
  /** The address of a new database, an empty one or a copy. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** The address of a database. */
  url(name: string): string;
  /** Ends all connections but that of `admin`. @returns how many there were. */
  dropConnections(): Promise<number>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  restart(): Promise<void>;
}

/** What may be different about a server. */
export interface PostgresOptions {
  /** Its certificate: then it offers TLS. */
  readonly certificate?: Pair;
  /** Its data are on a disk, and synced. By default they are in memory. */
  readonly isDurable?: boolean;
}

const user = "breadbox";

/** Starts a server with an order of texts that is not that of their bytes, so that a test notices who relies on it. */
export async function startPostgres(
  scope: Scope,
  { certificate, isDurable = false }: PostgresOptions = {},
): Promise<PostgresServer> {
  const programs = findPostgres();
  if (programs === null) throw new Error("postgresql not installed");
  const folder = (isDurable ? tempFolder : memoryFolder)(scope, "postgres");
  const uid = await serverUser();
  if (uid !== null) chownSync(folder, uid, uid);
  const asServer =
    uid === null ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const tls = certificate === undefined ? [] : offerTls(folder, certificate, uid);
  const data = join(folder, "data");
  await run([
    ...[...asServer, `${programs}/initdb`, "-D", data, "-U", user, "-A", "trust", "-E", "UTF8"],
    ...["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"],
  ]);
  const port = freePort();
  const start = () =>
    startServer(scope, folder, [
      ...[...asServer, `${programs}/postgres`, "-D", data, "-p", String(port), "-k", folder],
      ...["listen_addresses=127.0.0.1", `fsync=${isDurable ? "on" : "off"}`, ...tls].flatMap(
        (it) => ["-c", it],
      ),
    ]);
  let server = await start();
  const url = (name: string) => `postgres://${user}@127.0.0.1:${port}/${name}`;
  const admin = postgres(url("postgres"), { max: 1, onnotice: () => {} });
  scope.defer(() => admin.end({ timeout: 1 }));
  return {
    port,
    admin,
    url,
    async createDatabase(name, template) {
      const from = template === undefined ? "" : ` template ${template}`;
      await admin.unsafe(`create database ${name}${from}`);
      return url(name);
    },
    dropConnections: async () =>
      (
        await admin`select pg_terminate_backend(pid) from pg_stat_activity
          where pid <> pg_backend_pid() and backend_type = 'client backend'`
      ).length,
    async kill() {
      signal(server.pid, "SIGQUIT");
      await server.exited;
    },
    restart: async () => {
      server = await start();
    },
  };
}

/** Whose process the server is: root may not run it. null: whoever runs the test. */
async function serverUser(): Promise<number | null> {
  if (process.getuid?.() !== 0) return null;
  const { stdout } = await run(["id", "-u", "postgres"]);
  return Number(stdout);
}

function offerTls(folder: string, pair: Pair, uid: number | null): readonly string[] {
  const { certificate, key } = writePair(folder, pair);
  if (uid !== null) for (const path of [certificate, key]) chownSync(path, uid, uid);
  return ["ssl=on", `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
}

async function startServer(
  scope: Scope,
  folder: string,
  command: string[],
): Promise<RunningProcess> {
  // Each start has a log of its own: it is ready when that says so.
  const log = join(folder, `log-${Bun.randomUUIDv7()}`);
  const server = startProcess(scope, command, { log, cwd: folder });
  // SIGTERM would wait for clients.
  scope.defer(() => {
    signal(server.pid, "SIGINT");
  });
  const isReady = () => server.logs().includes("database system is ready to accept connections");
  await waitFor("PostgreSQL", () => isReady() || server.hasExited(), { explain: server.logs });
  if (server.hasExited()) throw new Error(`PostgreSQL did not start\n${server.logs()}`);
  return server;
}
