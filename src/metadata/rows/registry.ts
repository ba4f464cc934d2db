// The registry's half of the port.
import { eq } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RegistryMetadata } from "../metadata.ts";
import { raiseLease } from "./links.ts";
import { putManifest } from "./manifestPut.ts";
import { mountsMetadata } from "./mounts.ts";
import { listReferrers } from "./referrers.ts";
import { registryReads } from "./registryReads.ts";
import { removalsMetadata } from "./removals.ts";
import type { Rows } from "./rows.ts";
import { contents } from "./schema.ts";
import { type Params, statement } from "./statement.ts";

const lease = statement((db, { digest }: Params<{ digest: Digest }>) =>
  db.select({ keptUntil: contents.keptUntil }).from(contents).where(eq(contents.digest, digest)),
);

/** Builds the registry's half of the port. */
export function registryMetadata(rows: Rows): RegistryMetadata {
  return {
    ...registryReads(rows),
    ...removalsMetadata(rows),
    ...mountsMetadata(rows),
    listReferrers: (repository, subject, page) =>
      rows.read((tx) => listReferrers(tx, { repository, subject, ...page })),
    putManifest: (put) =>
      rows.write(
        (tx) => putManifest(tx, put),
        ({ kind }) => kind === "stored",
      ),
    async renewLease(digest, atLeast, keptUntil) {
      rows.assertWritable();
      const content = await rows.findSettled(lease, { digest });
      // Most calls end here, without a write: enough of the lease is left.
      if (content === null || content.keptUntil >= atLeast) return;
      await rows.run(raiseLease, { digest, keptUntil });
    },
  };
}
