// The registry's half of the port on SQLite.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { RegistryMetadata } from "../metadata.ts";
import type { Connection } from "./connection.ts";
import { prepareLink } from "./linkStatements.ts";
import { prepareManifestWrites, putManifest } from "./manifestPut.ts";
import { mountsMetadata } from "./mounts.ts";
import { listReferrers, prepareReferrerReads } from "./referrers.ts";
import { prepareRegistryReads, registryReads } from "./registryReads.ts";
import { removalsMetadata } from "./removals.ts";

/** Builds the registry's half of the port over one connection. */
export function registryMetadata(connection: Connection, db: BunSQLiteDatabase): RegistryMetadata {
  const reads = prepareRegistryReads(db);
  const referrers = prepareReferrerReads(db);
  const writes = prepareManifestWrites(db);
  const { raiseLease } = prepareLink(db);
  return {
    ...registryReads(connection, reads),
    ...removalsMetadata(connection, db),
    ...mountsMetadata(connection, db),
    listReferrers: (repository, subject, page) =>
      connection.read(() => listReferrers(referrers, { repository, subject, ...page })),
    putManifest: (put) =>
      connection.writeDurably(
        () => putManifest(writes, put),
        ({ kind }) => kind === "stored",
      ),
    async renewLease(digest, atLeast, keptUntil) {
      connection.assertWritable();
      const content = await connection.read(() => reads.lease.get({ digest }));
      // Most calls end here, without a write: enough of the lease is left.
      if (content === undefined || content.keptUntil >= atLeast) return connection.settled();
      await connection.writeDurably(() => raiseLease.run({ digest, keptUntil }));
    },
  };
}
