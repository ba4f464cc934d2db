// Ways to a PostgreSQL server: encrypted, through a pooler, and one on which connections fall silent.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { app, finish, limitsAt, manifest, now, tag } from "../contract/metadataRows.ts";
import { issue } from "../support/certificates.ts";
import { clientTest } from "../support/clientTest.ts";
import { openLossyProxy } from "../support/lossyProxy.ts";
import { findPgBouncer, startPgBouncer } from "../support/pgBouncer.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { databaseAt, openAt } from "./postgresDatabase.ts";

describe.if(postgresIsMissing() === null)("with TLS", () => {
  test("a server of the named CA is accepted, and one of another CA is not", async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "ca");
    const [{ authority, pair }, stranger] = await Promise.all([issue(), issue()]);
    const server = await startPostgres(scope, { certificate: pair });
    const url = await server.createDatabase("encrypted");
    const [ca, otherCa] = [join(folder, "ca.crt"), join(folder, "other.crt")];
    writeFileSync(ca, authority.certificate);
    writeFileSync(otherCa, stranger.authority.certificate);
    const open = (path: string, at = url) =>
      openAt(scope, at, { database: databaseAt(at, { ca: path }), openingMs: 500 });

    const { metadata } = await open(ca);
    await metadata.check();
    const [row] = await server.admin`select count(*)::int as encrypted from pg_stat_ssl
      join pg_stat_activity using (pid) where datname = 'encrypted' and ssl`;

    expect(row?.["encrypted"]).toBeGreaterThan(0);
    await expect(open(otherCa)).rejects.toThrow("cannot be used");
    await expect(open(join(folder, "absent"))).rejects.toThrow("database.ca cannot be read");
    await expect(openAt(scope, `${url}?sslmode=verify-full`, { openingMs: 500 })).rejects.toThrow(
      "cannot be used",
    );
  }, 60_000);

  test("is used where the server offers it, and not where the URL forbids it", async () => {
    await using scope = new Scope();
    const { pair } = await issue();
    const server = await startPostgres(scope, { certificate: pair });
    const url = await server.createDatabase("offered");
    const encrypted = async (at: string): Promise<unknown> => {
      await using inner = new Scope();
      const { metadata } = await openAt(inner, at);
      await metadata.check();
      const [row] = await server.admin`select bool_and(ssl) as all from pg_stat_ssl
        join pg_stat_activity using (pid) where datname = 'offered'`;
      return row?.["all"];
    };

    expect(await encrypted(url)).toBeTrue();
    expect(await encrypted(`${url}?sslmode=disable`)).toBeFalse();
  }, 90_000);
});

const poolerIsMissing = () =>
  postgresIsMissing() ?? (findPgBouncer() === null ? "pgbouncer not installed" : null);

clientTest(
  "PgBouncer in transaction mode may give every transaction another connection",
  { commands: [], reason: poolerIsMissing, timeoutMs: 60_000 },
  async (scope) => {
    const server = await startPostgres(scope);
    await server.createDatabase("pooled");
    const port = await startPgBouncer(scope, server.port);
    const url = `postgres://breadbox@127.0.0.1:${port}/pooled?sslmode=disable`;
    const { metadata } = await openAt(scope, url, { database: databaseAt(url, { pooled: true }) });

    await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const end = finish(`layer ${number}`);
        await metadata.uploads.finishUpload(end);
        const references = [
          { digest: end.digest, size: 100, kind: "blob", required: true },
        ] as const;
        const put = manifest(`image ${number}`, { references, tags: [tag(`v${number}`)] });
        await metadata.registry.putManifest(put);
        expect(await metadata.registry.findBlob(app, end.digest)).not.toBeNull();
        // Gathers in tables of the connection.
        await metadata.collection.markWindow(null, 10, limitsAt(now));
        await metadata.untagged.sumUntagged(10);
      }),
    );

    expect(await metadata.inspection.countAll()).toMatchObject({ contents: 40, manifests: 40 });
  },
);

describe.if(postgresIsMissing() === null)("a connection that falls silent", () => {
  test("is given up when no statement may take that long, and another connection answers", async () => {
    await using scope = new Scope();
    const server = await startPostgres(scope);
    await server.createDatabase("silent");
    const proxy = await openLossyProxy(scope, server.port);
    const url = `postgres://breadbox@127.0.0.1:${proxy.port}/silent?sslmode=disable`;
    const { metadata } = await openAt(scope, url, {
      database: databaseAt(url, { statementTimeoutMs: 200 }),
      patienceMs: 20_000,
    });
    await metadata.check();
    // They open connections of their own.
    const before = Array.from({ length: 6 }, (_, number) => finish(`before ${number}`));
    await Promise.all(before.map((end) => metadata.uploads.finishUpload(end)));
    expect(proxy.silence()).toBeGreaterThan(3);

    const began = performance.now();
    expect((await metadata.uploads.finishUpload(finish("layer"))).kind).toBe("finished");
    await metadata.check();

    // One for transactions and one for reads: those that nobody used were given up with them.
    expect(performance.now() - began).toBeLessThan(30_000);
  }, 90_000);
});
