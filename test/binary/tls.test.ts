// TLS of the compiled binary: who it is, what it refuses, and how it changes its certificate while transfers run.
import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { renameSync, statSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect, type SecureVersion } from "node:tls";
import { breadboxBinary } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { issue, issueClient, writePair } from "../support/certificates.ts";
import { clientTest } from "../support/clientTest.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startTls, type TlsServer } from "../support/tlsServer.ts";

/** Of each transfer that runs while the certificate changes. */
const transferBytes = 200 * 1024 * 1024;
const selfSigned = ["--tls", "self-signed"];

/** What new connections get. */
function certificateOf({ port }: Pick<TlsServer, "port">): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

const fingerprintOf = async (server: Pick<TlsServer, "port">): Promise<string> =>
  (await certificateOf(server)).fingerprint256;

const speaks = (port: number, version: SecureVersion): Promise<boolean> =>
  new Promise((resolve) => {
    const versions = { minVersion: version, maxVersion: version };
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...versions });
    socket.on("secureConnect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("secureConnect", () => socket.destroy());
  });

/** Pushes a blob. @returns its path. */
async function push({ ask }: TlsServer, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
  const answer = await ask(path, { method: "POST", body: bytes });
  expect([answer.status, answer.headers.get("location")]).toEqual([
    201,
    `/v2/${name}/blobs/${digest}`,
  ]);
  return `/v2/${name}/blobs/${digest}`;
}

/** Pushes a blob whose second half comes slowly until `isChanged`. @returns status and Location. */
async function pushSlowly(
  { ask }: TlsServer,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  isChanged: Promise<void>,
) {
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  const step = 1 << 20;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Not without a byte: a sender that pauses for a minute is cut.
      if (at >= bytes.length / 2) await Promise.race([isChanged, Bun.sleep(2000)]);
      controller.enqueue(bytes.subarray(at, at + step));
      at += step;
      if (at >= bytes.length) controller.close();
    },
  });
  const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
  const answer = await ask(path, { method: "POST", body });
  return [answer.status, answer.headers.get("location")];
}

async function startWithFiles(scope: Scope, env: Record<string, string> = {}) {
  const folder = tempFolder(scope, "certificates");
  const issued = await issue();
  const paths = writePair(folder, issued.pair);
  const files = {
    BREADBOX_HTTP_TLS_CERTIFICATE: paths.certificate,
    BREADBOX_HTTP_TLS_KEY: paths.key,
  };
  const server = await startTls(scope, [], { env: { ...files, ...env } });
  return { server, paths, folder, issued };
}

/** The line is written after the first answer. */
const printsHttps = ({ port, logs }: TlsServer): Promise<void> =>
  waitFor("its URL in the log", () => logs().includes(`"url":"https://localhost:${port}"`), {
    explain: logs,
  });

describe("a self-signed server", () => {
  test("is trusted by its CA alone, keeps it across restarts, and prints https", async () => {
    await using scope = new Scope();
    const server = await startTls(scope, selfSigned);
    const ca = await (await server.ask("/ca.crt")).text();

    const trusted = await fetch(`${server.url}/v2/`, { tls: { ca } });
    expect([trusted.status, await trusted.text()]).toEqual([200, "{}"]);
    expect(fetch(`${server.url}/v2/`, { keepalive: false })).rejects.toThrow("certificate");
    await printsHttps(server);
    expect(server.logs()).not.toContain("Plain HTTP");
    for (const file of ["ca.key", "server.pem"]) {
      expect(statSync(join(server.data, "tls", file)).mode & 0o777).toBe(0o600);
    }

    await server.stop();
    const again = await startTls(scope, selfSigned, { data: server.data });
    expect(await (await again.ask("/ca.crt")).text()).toBe(ca);
  });

  test("answers loopback names only, as without TLS", async () => {
    await using scope = new Scope();
    const server = await startTls(scope, selfSigned);

    const statusFor = async (host: string) =>
      (await server.ask("/v2/", { headers: { host } })).status;
    expect(await statusFor("evil.test")).toBe(421);
    expect(await statusFor(`localhost:${server.port}`)).toBe(200);
  });

  test("speaks TLS 1.2 and 1.3, and closes plain HTTP without an answer", async () => {
    await using scope = new Scope();
    const { port } = await startTls(scope, selfSigned);

    expect(await speaks(port, "TLSv1.3")).toBe(true);
    expect(await speaks(port, "TLSv1.2")).toBe(true);
    expect(await speaks(port, "TLSv1.1")).toBe(false);
    expect(await plainAnswer(port)).toBe("");
  });

  test("speaks TLS 1.3 alone where it is asked to", async () => {
    await using scope = new Scope();
    const env = { BREADBOX_HTTP_TLS_MIN_VERSION: "1.3" };
    const { port } = await startTls(scope, selfSigned, { env });

    expect(await speaks(port, "TLSv1.3")).toBe(true);
    expect(await speaks(port, "TLSv1.2")).toBe(false);
  });

  test("tells commands on its machine of its CA", async () => {
    await using scope = new Scope();
    const server = await startTls(scope, selfSigned);
    const settings = {
      BREADBOX_DATA: server.data,
      BREADBOX_HTTP_LISTEN: `127.0.0.1:${server.port}`,
      BREADBOX_HTTP_TLS_SELF_SIGNED: "yes",
    };
    const breadbox = async (...args: string[]) =>
      (await run([await breadboxBinary(), ...args], { env: settings })).stdout;

    expect(await breadbox("bucket", "create", "backups")).toContain("backups");
    expect(await breadbox("bucket", "ls")).toContain("backups");
    expect(await breadbox("health")).toContain("ready");
    const text = await breadbox("trust-ca");
    // Without the server's variables, as on a terminal.
    const bare = await run([await breadboxBinary(), "trust-ca", "--data", server.data]);
    expect(bare.stdout).toBe(text);
    const health = await run([await breadboxBinary(), "health", "--data", server.data]);
    expect(health.stdout).toContain("ready");
    expect(text).toContain(`/etc/docker/certs.d/${server.host}/ca.crt`);
    expect(text).toContain((await (await server.ask("/ca.crt")).text()).trim());
  });
});

clientTest(
  "a self-signed server renews its certificate before the end, without cutting a transfer",
  { commands: ["faketime"], waits: true },
  async (scope) => {
    const clock = fakeClock(scope);
    const server = await startTls(scope, selfSigned, { env: clock.env });
    const ca = new X509Certificate(await (await server.ask("/ca.crt")).text());
    const bytes = new Uint8Array(randomBytes("tls/renewal", 64 * 1024 * 1024));
    const path = await push(server, "slow", bytes);
    const old = await certificateOf(server);
    const running = await server.ask(path);

    clock.set("+61d");
    const isRenewed = async () =>
      (await certificateOf(server).catch(() => old)).fingerprint256 !== old.fingerprint256;
    await waitFor("another certificate", isRenewed, { timeoutMs: 30_000, explain: server.logs });

    const renewed = await certificateOf(server);
    expect(renewed.checkIssued(ca) && renewed.verify(ca.publicKey)).toBe(true);
    const days = (renewed.validToDate.getTime() - old.validToDate.getTime()) / 86_400_000;
    expect(Math.round(days)).toBe(61);
    expect(sha256(new Uint8Array(await running.arrayBuffer()))).toBe(sha256(bytes));
    expect(server.logs()).toContain("a new certificate is in use");
  },
);

describe("a server with certificate files", () => {
  test.concurrent("uses a renewed one without cutting transfers, and the old one while the new one is broken", async () => {
    await using scope = new Scope();
    const { server, paths, folder } = await startWithFiles(scope);
    const bytes = new Uint8Array(randomBytes("tls/slow", transferBytes));
    const path = await push(server, "slow", bytes);
    const old = await fingerprintOf(server);
    const slow = await server.ask(path);
    const reader = slow.body?.getReader();
    const first = await reader?.read();
    const isChanged = Promise.withResolvers<void>();
    const pushing = pushSlowly(server, "other", bytes, isChanged.promise);

    writeFileSync(paths.certificate, "broken");
    await waitFor("the complaint", async () => server.logs().includes("the old one stays"), {
      timeoutMs: 40_000,
    });
    expect(server.logs()).toContain(`${paths.certificate} has no certificate`);
    expect(await fingerprintOf(server)).toBe(old);

    const renewed = writePair(tempFolder(scope, "renewed"), (await issue()).pair);
    renameSync(renewed.key, paths.key);
    renameSync(renewed.certificate, join(folder, "server.crt"));
    // The port is closed for a moment.
    const isRenewed = async () => (await fingerprintOf(server).catch(() => old)) !== old;
    await waitFor("the new certificate", isRenewed, { timeoutMs: 40_000 });

    // The transfers that began before are whole, on their old connections.
    isChanged.resolve();
    expect(await pushing).toEqual([201, path.replace("/slow/", "/other/")]);
    const digest = new Bun.CryptoHasher("sha256");
    for (let part = first; part?.done === false; part = await reader?.read())
      digest.update(part.value);
    expect(path).toEndWith(digest.digest("hex"));
    expect((await server.ask(path, { method: "HEAD" })).status).toBe(200);
    expect(server.logs()).toContain("a new certificate is in use");
    expect(await server.stop()).toBe(0);
  }, 90_000);

  test("has no CA to give away, and names what its certificate is for", async () => {
    await using scope = new Scope();
    const { server } = await startWithFiles(scope);

    expect((await server.ask("/ca.crt")).status).toBe(404);
    await printsHttps(server);
  });

  test("does not start with files that do not belong together", async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "certificates");
    const paths = writePair(folder, (await issue()).pair);
    writeFileSync(paths.key, (await issue()).pair.key);
    const args = ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
    const env = {
      BREADBOX_HTTP_TLS_CERTIFICATE: paths.certificate,
      BREADBOX_HTTP_TLS_KEY: paths.key,
    };

    const ended = await run([await breadboxBinary(), ...args], { env, mayFail: true });
    expect(ended.code).toBe(1);
    expect(ended.output).toContain(`${paths.key} is not the key of the certificate`);
  });

  test("with client CAs answers only who shows a certificate of theirs", async () => {
    await using scope = new Scope();
    const [own, strange] = [await issueClient(), await issueClient()];
    const folder = tempFolder(scope, "ca");
    const ca = join(folder, "clients.crt");
    writeFileSync(ca, own.authority);
    const certificate = await issue();
    const paths = writePair(folder, certificate.pair);
    const shown = (pair: { certificate: string; key: string }) => ({
      tls: { rejectUnauthorized: false, cert: pair.certificate, key: pair.key },
    });
    const env = {
      BREADBOX_HTTP_TLS_CERTIFICATE: paths.certificate,
      BREADBOX_HTTP_TLS_KEY: paths.key,
      BREADBOX_HTTP_TLS_CLIENT_CA: ca,
    };
    const server = await startTls(scope, [], { env, probe: shown(own.pair) });

    expect((await server.ask("/v2/", shown(own.pair))).status).toBe(200);
    expect(server.ask("/v2/")).rejects.toThrow();
    expect(server.ask("/v2/", shown(strange.pair))).rejects.toThrow();
  });
});

/** Whatever comes back for a request in plain text. */
const plainAnswer = (port: number): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    const socket = connectTcp(port, "127.0.0.1", () =>
      socket.write("GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    );
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
