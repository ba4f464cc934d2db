// The compiled binary with known secrets, through everything that says something: logins and errors, commands, metrics, the explorer,
// a broken database, a crash. None of it holds a secret, in any spelling.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Canaries } from "../support/canary.ts";
import { type Claims, githubJob, startIssuer, type Unusual } from "../support/issuer.ts";
import { freePort, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { browse } from "../support/secretBrowser.ts";
import {
  basic,
  bearer,
  noteFiles,
  openSecretWorld,
  type SecretWorld,
  storedSecrets,
} from "../support/secretWorld.ts";

const tokenText = /bbx_\w{30,}/g;
const jwt = /[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}/g;

/** Users, rules and an access token, by commands. @returns the token. */
async function makeAccounts({ canaries, command, passwords }: SecretWorld): Promise<string> {
  const changed = canaries.secret("second password of bob", "canary-bob-second-password");
  const long = canaries.secret("password that is too long", `canary-long-${"x".repeat(2_000)}`);
  const typed = (input: string, ...args: readonly string[]) =>
    command(["user", ...args, "--password-stdin"], { input });
  await typed(passwords.bob, "add", "bob");
  await typed(passwords.bob, "add", "bob");
  await typed(changed, "passwd", "bob");
  await typed(passwords.bob, "passwd", "bob");
  await typed(changed, "passwd", "nobody");
  await typed(long, "add", "eve");
  await command(["access", "allow", "bob", "lab/**", "pull,push,overwrite,delete"]);
  await command(["access", "deny", "anonymous", "**", "pull"]);
  const create = ["token", "create", "ci", "--grant", "**:pull,push", "--grant", "server:gc:pull"];
  const said = await command(create, { tells: tokenText });
  const token = canaries.secret("access token", said.match(tokenText)?.[0] ?? "");
  await command(create);
  return token;
}

/** Right and wrong logins, tokens, a push, and every kind of refusal. @returns a bearer token. */
async function makeRequests(world: SecretWorld, token: string): Promise<string> {
  const { canaries, ask, passwords } = world;
  const wrong = canaries.secret("wrong password", "canary-wrong-password");
  const misplaced = canaries.secret("password in the name's field", "canary-typed-as-name");
  const forged = canaries.secret("forged token", `bbx_${"canary".repeat(6)}00`);
  const query = canaries.secret("password in a query", "canary-in-the-query");
  const logins = [
    ...[
      basic("admin", passwords.admin),
      basic("bob", passwords.bob),
      basic("carl", passwords.carl),
    ],
    ...[basic("any", token), bearer(token), basic("bob", wrong), basic("nobody", wrong)],
    ...[basic(misplaced, ""), basic(misplaced, "bob"), basic("any", forged), bearer(forged)],
    { headers: { authorization: `Basic ${wrong}` } },
    { headers: { authorization: `Digest username="bob", response="${wrong}"` } },
    {},
  ];
  const scope = "scope=repository:lab/app:pull,push";
  for (const login of logins) {
    await ask("GET", "/v2/", login);
    await ask("GET", `/v2/token?${scope}`, { ...login, tells: jwt });
    await ask("GET", `/v1/gc/runs?password=${query}`, login);
    await ask("GET", `/v2/lab/app/manifests/absent?token=${query}`, login);
    await ask("DELETE", "/v2/lab/app/manifests/absent", login);
    await ask("POST", "/v1/buckets", { ...login, body: `{"name": "${query}` });
  }
  const form = (fields: Readonly<Record<string, string>>) =>
    ask("POST", "/v2/token", { body: new URLSearchParams(fields), tells: jwt });
  const asBob = { grant_type: "password", username: "bob", service: "breadbox" };
  await form({ ...asBob, password: wrong });
  await form({ ...asBob, grant_type: query, password: passwords.bob });
  const granted = JSON.parse(
    await form({ ...asBob, password: passwords.bob, access_type: "offline", scope: "x" }),
  );
  const refresh = canaries.secret("refresh token", granted.refresh_token);
  await form({ grant_type: "refresh_token", refresh_token: refresh });
  await form({ grant_type: "refresh_token", refresh_token: `${refresh}x` });
  const answer = await ask("GET", `/v2/token?${scope}`, {
    ...basic("bob", passwords.bob),
    tells: jwt,
  });
  const pass = canaries.secret("bearer token", JSON.parse(answer).token);
  await ask("POST", "/v2/lab/app/blobs/uploads/?digest=sha256:00", { ...bearer(pass), body: "x" });
  await ask("PUT", "/v2/lab/app/manifests/v1", { ...bearer(pass), body: `{"${query}":` });
  await ask("GET", "/v2/other/app/tags/list", bearer(pass));
  await ask("GET", "/v2/lab/app/tags/list", bearer(`${pass.slice(0, -4)}AAAA`));
  return pass;
}

/** Jobs that come with ID tokens: right, for others, of pull requests, forged, and of an issuer that is down. */
async function makeJobs({ canaries, ask, command, server }: SecretWorld): Promise<void> {
  await using issuer = await startIssuer();
  const rule = ["trust", "github", "acme/app", "lab/**:pull,push", "--issuer", issuer.url];
  await command([...rule, "--id", "74"]);
  await command([...rule, "--claim", "repository=x"]);
  const sign = async (name: string, claims: Claims, unusual: Unusual = {}) =>
    canaries.secret(name, await issuer.sign(claims, { audience: server.url, ...unusual }));
  const right = await sign("ID token", githubJob);
  const tokens = [
    right,
    await sign("ID token for others", githubJob, { audience: "https://other.example" }),
    await sign("ID token of a pull request", { ...githubJob, event_name: "pull_request" }),
    await sign("ID token with an unknown key", githubJob, { kid: "2" }),
    canaries.secret("forged ID token", `${right.slice(0, -6)}AAAAAA`),
    canaries.secret("ID token without a signature", right.slice(0, right.lastIndexOf(".") + 1)),
  ];
  for (const token of tokens) {
    await ask("GET", "/v2/", basic("job", token));
    await ask("GET", "/v2/", bearer(token));
    await ask("GET", "/v2/token?scope=repository:lab/app:push", {
      ...basic("x", token),
      tells: jwt,
    });
    const fields = { grant_type: "password", username: "x", password: token };
    await ask("POST", "/v2/token", { body: new URLSearchParams(fields), tells: jwt });
  }
  await command(["trust", "ls"]);
  await command(["trust", "ls", "--json"]);
  await command(["tag", "history", "lab/app:1"]);
}

/** What anybody reads to find out what is going on. */
async function readEverything({ ask, command, passwords, folder, server }: SecretWorld) {
  const admin = basic("admin", passwords.admin);
  // Logins are written down a second later.
  await Bun.sleep(1_200);
  const pages = ["/metrics", "/swagger", "/swagger/json", "/v1/audit?limit=1000", "/v2/_catalog"];
  for (const path of [...pages, "/healthz", "/readyz", "/ca.crt", "/v1/gc/runs"]) {
    await ask("GET", path, admin);
    await ask("OPTIONS", path, admin);
  }
  for (const args of [
    ...[
      ["user", "ls"],
      ["user", "ls", "--json"],
      ["token", "ls"],
      ["token", "ls", "--json"],
    ],
    ...[
      ["access", "ls"],
      ["access", "ls", "--json"],
      ["access", "test", "bob", "pull", "lab/app"],
    ],
    ...[["audit"], ["audit", "--json"], ["audit", "--who", "bob"], ["uploads", "ls"]],
    ...[["fsck"], ["fsck", "--json"], ["gc", "--dry-run"], ["gc", "--dry-run", "--json"]],
    ["config", "show", "--origin"],
  ]) {
    await command(args);
  }
  for (const args of [["--help"], ["user", "--help"], ["token", "create", "--help"], ["version"]]) {
    await command(args, { onData: false });
  }
  await command(["health"], { onData: false });
  await command(["service", "print"], { onData: false });
  await command(["trust-ca", `localhost:${server.port}`], { onData: false, env: { HOME: folder } });
}

/** Secrets in variables, files and addresses, where they belong and where they do not. */
async function configure({ canaries, command, passwords, folder, server }: SecretWorld) {
  const key = canaries.secret("secret key of S3", "canary/s3+secret/access/key");
  const short = { BREADBOX_ADMIN_PASSWORD: canaries.secret("admin.password", "canary-variable") };
  await command(["config", "show", "--json", "--origin"], { env: short });
  await command(["config", "show"], { env: short });
  await command(["config", "check"], { env: short, onData: false });
  const both = { ...short, BREADBOX_ADMIN_PASSWORD_FILE: join(folder, "admin.password") };
  await command(["config", "check"], { env: both, onData: false });
  const s3 = {
    REGISTRY_STORAGE_S3_SECRETKEY: key,
    REGISTRY_STORAGE: `{"s3":{"secretkey":"${key}"}}`,
  };
  await command(["config", "check"], { env: s3, onData: false });
  await command(["serve", "--listen", `127.0.0.1:${freePort()}`], { env: s3 });
  for (const url of [
    `postgres://bob:${encodeURIComponent(passwords.bob)}@localhost:${freePort()}/boxes`,
    `postgres://bob:${key}@localhost:1/boxes?sslmode=nothing`,
    `mysql://bob:${encodeURIComponent(passwords.bob)}@localhost/boxes`,
  ]) {
    const env = { BREADBOX_DATABASE_URL: url };
    await command(["config", "show", "--json"], { env });
    await command(["config", "check"], { env, onData: false });
    const place = ["--listen", `127.0.0.1:${freePort()}`, "--data", join(folder, "other")];
    await command(["serve", ...place], { env, onData: false });
    await command(["user", "ls", "--data", join(folder, "other")], { env, onData: false });
  }
  const http = { REGISTRY_HTTP_SECRET: key, REGISTRY_HTTP_HOST: `https://bob:${key}@lab.example` };
  await command(["config", "check"], { env: http, onData: false });
  writeFileSync(join(folder, "bad.yml"), `admin:\n  password: [${key}]\n  passwort: "${key}"\n`);
  await command(["config", "check", "bad.yml"], { onData: false });
  writeFileSync(join(folder, "broken.yml"), `admin:\n  password: "${key}\n x: [`);
  await command(["config", "check", "broken.yml"], { onData: false });
  writeFileSync(
    join(folder, "registry.yml"),
    `version: 0.1\nhttp: { secret: "${key}" }\nredis: { password: "${key}" }\nstorage: { s3: { accesskey: x, secretkey: "${key}" } }\n`,
  );
  await command(["config", "import", "registry.yml"], { onData: false });
  const address = (port: number) =>
    `https://bob:${encodeURIComponent(passwords.bob)}@localhost:${port}`;
  const ca = { NODE_EXTRA_CA_CERTS: join(server.data, "tls", "ca.crt") };
  for (const port of [server.port, freePort()]) {
    const env = { ...ca, BREADBOX_SERVER: address(port) };
    await command(["bucket", "ls"], { env, onData: false });
    await command(["bucket", "create", "box", "--server", address(port)], { env, onData: false });
    await command(["trust-ca", address(port)], { onData: false });
    await command(["import", address(port)]);
  }
  const login = ["--username", "bob", "--password-stdin"];
  for (const input of [passwords.bob, key]) {
    await command(["import", `https://localhost:${server.port}/lab/app`, ...login], {
      input,
      env: ca,
    });
  }
}

/** Every table that has secrets is gone: whoever asks for them hears of a failure. */
async function breakDatabase(world: SecretWorld, token: string, pass: string): Promise<void> {
  const { server, ask, command, passwords } = world;
  const tables = ["users", "access_tokens", "signing_keys", "access_rules", "audit_entries"];
  {
    using rows = new Database(join(server.data, "breadbox.db"));
    rows.run("PRAGMA busy_timeout = 5000");
    for (const table of tables) rows.run(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
    // What the server remembers is void.
    rows.run("UPDATE access_state SET revision = revision + 1");
  }
  for (const login of [
    basic("bob", passwords.bob),
    basic("x", token),
    bearer(token),
    bearer(pass),
  ]) {
    const said = await ask("GET", "/v2/lab/app/tags/list", login);
    expect(said).toContain("UNKNOWN");
  }
  await ask("GET", "/v2/token", basic("bob", passwords.bob));
  await command(["user", "add", "fred", "--password-stdin"], { input: passwords.bob });
  await command(["user", "passwd", "bob", "--password-stdin"], { input: passwords.bob });
  await command(["token", "create", "other", "--grant", "**:pull"]);
  await command(["user", "ls"]);
  await command(["audit"]);
}

test("no output, answer, file, log line or crash report holds a password, a token, a hash or a key", async () => {
  await using scope = new Scope();
  const world = await openSecretWorld(scope);
  const { canaries, server } = world;
  const token = await makeAccounts(world);
  const pass = await makeRequests(world, token);
  await browse(world);
  await makeJobs(world);
  storedSecrets(world);
  await readEverything(world);
  await configure(world);
  await world.command(["user", "disable", "bob"]);
  await world.command(["token", "revoke", "ci"]);
  await world.command(["access", "rotate-key"]);
  await world.command(["trust", "rm", "acme/app"]);
  await world.ask("GET", "/v2/", basic("bob", world.passwords.bob));
  await world.ask("GET", "/v2/", basic("any", token));
  storedSecrets(world);
  await world.command(["user", "disable", "bob", "--undo"]);
  await breakDatabase(world, token, pass);
  noteFiles(world);
  process.kill(server.pid, "SIGSEGV");
  await waitFor("the crash", () => server.hasExited());
  canaries.said("the log", server.logs());

  expect(server.logs()).toContain("login.failed");
  expect(canaries.names.length).toBeGreaterThan(29);
  expect(canaries.places).toBeGreaterThan(60);
  expect(canaries.leaks()).toEqual([]);
}, 240_000);

test("a secret is found in every spelling in which it could be said", () => {
  const canaries = new Canaries();
  const secret = canaries.secret("it", 'canary "pä$$wörd/+?&=%41');
  const spelt = {
    plain: secret,
    json: JSON.stringify({ secret }),
    url: `https://ann:${encodeURIComponent(secret)}@host`,
    form: new URLSearchParams({ secret }).toString(),
    basic: Buffer.from(`a:${secret}`).toString("base64"),
    "other basic": Buffer.from(`ann:${secret}\n`).toString("base64url"),
    "third basic": Buffer.from(`an:${secret}`).toString("base64"),
    hexadecimal: Buffer.from(secret).toString("hex"),
    "a hash": new Bun.CryptoHasher("sha256").update(secret).digest("hex"),
  };
  for (const [where, text] of Object.entries(spelt)) canaries.said(where, `before ${text} after`);
  canaries.said("nothing", "before and after");

  expect(canaries.leaks()).toEqual(Object.keys(spelt).map((where) => `it in ${where}`));
});
