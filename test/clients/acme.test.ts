// A certificate by ACME: the executable orders one from Pebble, Let's Encrypt's server for tests, which finds it by a DNS server of ours.
import { expect } from "bun:test";
import { X509Certificate } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { issue, writePair } from "../support/certificates.ts";
import { clientTest } from "../support/clientTest.ts";
import { pebble } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startTls, type TlsServer } from "../support/tlsServer.ts";

const hosts = ["registry.example.com", "other.example.com"];

/** Answers every question for an address with 127.0.0.1 (RFC 1035, over TCP). @returns host and port. */
function startDns(scope: Scope): string {
  const server = Bun.listen<Buffer>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = Buffer.alloc(0);
      },
      data(socket, bytes) {
        // A question may come in pieces, or together with the next one.
        socket.data = Buffer.concat([socket.data, bytes]);
        while (socket.data.length >= 2 && socket.data.length >= 2 + socket.data.readUInt16BE(0)) {
          const end = 2 + socket.data.readUInt16BE(0);
          const answer = answerOf(socket.data.subarray(2, end));
          socket.data = socket.data.subarray(end);
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        }
      },
    },
  });
  scope.defer(() => server.stop(true));
  return `127.0.0.1:${server.port}`;
}

function answerOf(asked: Buffer): Buffer {
  let end = 12;
  for (let length = asked[end]; length; length = asked[end]) end += length + 1;
  const isAddress = asked.readUInt16BE(end + 1) === 1;
  const head = Buffer.alloc(12);
  asked.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  const address = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1];
  return Buffer.concat([head, asked.subarray(12, end + 5), Buffer.from(isAddress ? address : [])]);
}

/** Starts the CA. @param httpPort where it looks for answers, instead of port 80. */
async function startCa(scope: Scope, httpPort: number) {
  const folder = tempFolder(scope, "pebble");
  const { authority, pair } = await issue();
  const files = writePair(folder, pair);
  const trusted = join(folder, "trusted.crt");
  await Bun.write(trusted, authority.certificate);
  const [port, managementPort] = [freePort(), freePort()];
  const config = join(folder, "config.json");
  await Bun.write(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${managementPort}`,
        ...{ certificate: files.certificate, privateKey: files.key },
        ...{ httpPort, tlsPort: 1, retryAfter: { authz: 1, order: 1 } },
      },
    }),
  );
  const command = [await goTool(pebble), "-strict", "-config", config];
  const ca = startProcess(scope, [...command, "-dnsserver", startDns(scope)], {
    log: join(folder, "log"),
    cwd: folder,
    // It refuses some requests for their nonce, as the standard allows.
    env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20" },
  });
  const ask = (url: string) => fetch(url, { tls: { rejectUnauthorized: false } });
  const root = `https://localhost:${managementPort}/roots/0`;
  await waitFor("the CA", async () => (await ask(root).catch(() => null))?.ok === true, {
    explain: ca.logs,
  });
  return {
    env: {
      NODE_EXTRA_CA_CERTS: trusted,
      BREADBOX_HTTP_TLS_ACME_DIRECTORY: `https://localhost:${port}/dir`,
    },
    root: await (await ask(root)).text(),
    logs: ca.logs,
  };
}

/** The certificates that a client gets which trusts `root` alone; null when it refuses them. */
function chainFor({ port }: TlsServer, root: string): Promise<X509Certificate | null> {
  return new Promise((resolve) => {
    const trust = { ca: root, servername: hosts[0] ?? "" };
    const socket = connect({ host: "127.0.0.1", port, ...trust }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on("error", () => resolve(null));
  });
}

/** True when nothing listens on `port`. */
const isClosed = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`, { keepalive: false }).then(
    () => false,
    () => true,
  );

clientTest(
  "a server orders a certificate by itself, clients trust it, and the next start orders none",
  goToolNeeds(pebble),
  async (scope) => {
    const httpPort = freePort();
    const ca = await startCa(scope, httpPort);
    const env = {
      ...ca.env,
      BREADBOX_HTTP_TLS_ACME_HOSTS: hosts.join(","),
      BREADBOX_HTTP_TLS_ACME_EMAIL: "ann@example.com",
      BREADBOX_HTTP_TLS_ACME_LISTEN: `127.0.0.1:${httpPort}`,
    };
    const server = await startTls(scope, [], { env });

    const isTrusted = async () => (await chainFor(server, ca.root)) !== null;
    const explain = () => server.logs() + ca.logs();
    await waitFor("a certificate", isTrusted, { timeoutMs: 90_000, explain });

    const leaf = await chainFor(server, ca.root);
    for (const host of hosts) expect(leaf?.checkHost(host)).toBe(host);
    // A log line may arrive after what it reports.
    for (const line of ["ordering a certificate", "a new certificate is in use"]) {
      await waitFor(line, () => server.logs().includes(line), { explain });
    }
    for (const file of ["acme.pem", "acme-account.pem"]) {
      expect(statSync(join(server.data, "tls", file)).mode & 0o777).toBe(0o600);
    }
    // Its port is open during orders only.
    await waitFor("a closed port", () => isClosed(httpPort), { explain });

    await server.stop();
    const again = await startTls(scope, [], { env, data: server.data });
    expect((await chainFor(again, ca.root))?.fingerprint256).toBe(leaf?.fingerprint256 ?? "");
    expect(again.logs()).not.toContain("a new certificate");

    // A lost certificate is ordered anew, under the same account.
    await again.stop();
    rmSync(join(server.data, "tls", "acme.pem"));
    const third = await startTls(scope, [], { env, data: server.data });
    const isBack = async () => (await chainFor(third, ca.root)) !== null;
    await waitFor("another one", isBack, { timeoutMs: 90_000, explain: third.logs });
    expect(ca.logs()).not.toContain("There are now 2 accounts");
  },
);

clientTest(
  "a server whose port 80 is taken starts, says why there is no certificate, and answers /readyz",
  goToolNeeds(pebble),
  async (scope) => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("no") });
    scope.defer(() => taken.stop(true));
    const ca = await startCa(scope, taken.port ?? 0);
    const server = await startTls(scope, [], {
      env: {
        ...ca.env,
        BREADBOX_HTTP_TLS_ACME_HOSTS: "registry.example.com",
        BREADBOX_HTTP_TLS_ACME_LISTEN: `127.0.0.1:${taken.port}`,
      },
    });

    const reason = `Port ${taken.port}, which the CA asks, cannot be opened (EADDRINUSE)`;
    await waitFor("the reason", () => server.logs().includes(reason), { explain: server.logs });
    expect(server.logs()).toContain("no certificate was ordered");
    expect((await server.ask("/readyz")).status).toBe(200);
    expect(existsSync(join(server.data, "tls", "acme.pem"))).toBe(false);
  },
);

clientTest(
  "a name that leads elsewhere is reported in the words of the CA",
  goToolNeeds(pebble),
  async (scope) => {
    const elsewhere = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("?") });
    scope.defer(() => elsewhere.stop(true));
    const ca = await startCa(scope, elsewhere.port ?? 0);
    const server = await startTls(scope, [], {
      env: {
        ...ca.env,
        BREADBOX_HTTP_TLS_ACME_HOSTS: "registry.example.com",
        BREADBOX_HTTP_TLS_ACME_LISTEN: `127.0.0.1:${freePort()}`,
      },
    });

    const words = "registry.example.com: The key authorization file from the server did not match";
    await waitFor("the reason", () => server.logs().includes(words), { explain: server.logs });
  },
);
