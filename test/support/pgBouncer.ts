// PgBouncer in transaction mode in front of a server of ours.
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, run, startProcess, tempFolder, waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** Debian keeps it where only root's PATH leads. */
const places = "/usr/local/bin:/usr/bin:/bin:/usr/sbin";

/** The program; null where it is not installed. */
export const findPgBouncer = (): string | null => Bun.which("pgbouncer", { PATH: places });

/** Starts it with fewer connections to the server than clients have to it. @returns its port. */
export async function startPgBouncer(scope: Scope, serverPort: number): Promise<number> {
  const program = findPgBouncer();
  if (program === null) throw new Error("pgbouncer not installed");
  const [folder, port] = [tempFolder(scope, "pgbouncer"), freePort()];
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const uid = Number((await run(["id", "-u", "postgres"])).stdout);
    chownSync(folder, uid, uid);
  }
  const file = join(folder, "pgbouncer.ini");
  const lines = [
    "[databases]",
    // With `any` it names the server no user that clients name.
    `* = host=127.0.0.1 port=${serverPort} user=breadbox`,
    "[pgbouncer]",
    `listen_port = ${port}`,
    "listen_addr = 127.0.0.1",
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 3",
    "server_tls_sslmode = disable",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const user = isRoot ? ["-u", "postgres"] : [];
  const log = join(folder, "log");
  const bouncer = startProcess(scope, [program, ...user, file], { log, cwd: folder });
  await waitFor("PgBouncer", () => bouncer.logs().includes("process up") || bouncer.hasExited(), {
    explain: bouncer.logs,
  });
  if (bouncer.hasExited()) throw new Error(`PgBouncer did not start\n${bouncer.logs()}`);
  return port;
}
