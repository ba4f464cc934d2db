// A server with TLS, users, tokens and keys that are all known secrets, and commands and requests whose every word is noted.
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary } from "./binary.ts";
import { Canaries } from "./canary.ts";
import { tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";
import { startTls, type TlsServer } from "./tlsServer.ts";

/** Values of URLs, forms, JSON and YAML have characters of their own. */
const strange = ' "pä$$wörd/+?&=%41: \\';

/** What the canaries live in. */
export interface SecretWorld {
  readonly canaries: Canaries;
  readonly server: TlsServer;
  readonly folder: string;
  readonly passwords: Readonly<Record<"admin" | "bob" | "carl", string>>;
  /** Runs a command on the data directory of the server and notes what it says. */
  command(args: readonly string[], more?: CommandOptions): Promise<string>;
  /** One request, whose answer is noted, header fields included. @returns its body. */
  ask(method: string, path: string, init?: AskOptions): Promise<string>;
}

interface CommandOptions {
  /** Its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** False for a command that has no data directory. */
  readonly onData?: boolean;
  /** The text that it is there to tell, which is left out of what is noted. */
  readonly tells?: RegExp;
}

interface AskOptions extends BunFetchRequestInit {
  /** As in `CommandOptions`. */
  readonly tells?: RegExp;
}

export const basic = (name: string, password: string): AskOptions => ({
  headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` },
});
export const bearer = (token: string): AskOptions => ({
  headers: { authorization: `Bearer ${token}` },
});

/** Starts the server. Its users are `admin`, of the environment, and `carl`, of an htpasswd file. */
export async function openSecretWorld(scope: Scope): Promise<SecretWorld> {
  const canaries = new Canaries();
  const folder = tempFolder(scope, "canary");
  const passwords = {
    admin: canaries.secret("password of admin", `canary-admin${strange}`),
    bob: canaries.secret("password of bob", `canary-bob${strange}`),
    carl: canaries.secret("password of carl", "canary-carl-password"),
  };
  const hash = await Bun.password.hash(passwords.carl, { algorithm: "bcrypt", cost: 4 });
  canaries.secret("hash of carl", hash);
  const apache = canaries.secret("refused hash in htpasswd", "$apr1$canary-apr1-hash");
  writeFileSync(join(folder, "htpasswd"), `carl:${hash}\nbroken:${apache}\n`);
  writeFileSync(join(folder, "admin.password"), passwords.admin);
  const server = await startTls(scope, ["--tls", "self-signed"], {
    env: {
      BREADBOX_LOG_LEVEL: "trace",
      BREADBOX_AUTH_MODE: "required",
      BREADBOX_AUTH_HTPASSWD: join(folder, "htpasswd"),
      BREADBOX_ADMIN_PASSWORD_FILE: join(folder, "admin.password"),
    },
  });
  const binary = await breadboxBinary();
  const told = (text: string, tells: RegExp | undefined): string =>
    tells === undefined ? text : text.replaceAll(tells, "");
  return {
    ...{ canaries, server, folder, passwords },
    async command(args, { input = "", env = {}, onData = true, tells } = {}) {
      const child = Bun.spawn([binary, ...args, ...(onData ? ["--data", server.data] : [])], {
        ...{ cwd: folder, stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" },
        env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...env },
      });
      const said = (await child.stdout.text()) + (await child.stderr.text());
      await child.exited;
      canaries.said(`breadbox ${args.slice(0, 2).join(" ")}`, told(said, tells));
      return said;
    },
    async ask(method, path, { tells, ...init } = {}) {
      const answer = await server.ask(path, { ...init, method });
      const head = JSON.stringify([...answer.headers]);
      const body = await answer.text();
      canaries.said(`${method} ${path.replace(/\?.*/, "")}`, head + told(body, tells));
      return body;
    },
  };
}

/** Hashes, stamps and keys that are stored. */
export function storedSecrets({ canaries, server }: SecretWorld): void {
  using rows = new Database(join(server.data, "breadbox.db"), { readonly: true });
  const columns = [
    ["users", "password_hash"],
    ["users", "stamp"],
    ["access_tokens", "hash"],
    ["trust_rules", "stamp"],
    ["signing_keys", "jwk"],
    ["browser_sessions", "hash"],
  ] as const;
  for (const [table, column] of columns) {
    for (const [value] of rows.query(`SELECT ${column} FROM ${table}`).values()) {
      const text = String(value);
      const { d = text } = column === "jwk" ? JSON.parse(text) : { d: text };
      canaries.secret(`${table}.${column} ${d.slice(-6)}`, d);
    }
  }
  for (const name of ["ca.key", "server.pem"]) {
    const pem = readFileSync(join(server.data, "tls", name), "utf8");
    const key = /PRIVATE KEY-----\n([\s\S]+?)\n-----END/.exec(pem)?.[1] ?? "";
    for (const line of key.split("\n").slice(0, 3)) {
      if (line.length > 40) canaries.secret(`tls/${name}`, line);
    }
  }
}

/** Notes every file that the server wrote, but for the database and the keys of TLS. */
export function noteFiles({ canaries, server }: SecretWorld): void {
  const secret = /^(?:breadbox\.db|tls\/(?:ca\.key|server\.pem)$)/;
  for (const name of readdirSync(server.data, { recursive: true, encoding: "utf8" })) {
    if (secret.test(name)) continue;
    const bytes = readOrNull(join(server.data, name));
    if (bytes !== null) canaries.said(name, `${name} ${bytes.toString("latin1")}`);
  }
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    // A folder.
    return null;
  }
}
