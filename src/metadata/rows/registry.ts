// The registry's half of the port.
import type { RegistryMetadata } from "../metadata.ts";
import { putManifest } from "./manifestPut.ts";
import { listReferrers } from "./referrers.ts";
import { registryReads } from "./registryReads.ts";
import { removalsMetadata } from "./removals.ts";
import type { Rows } from "./rows.ts";

/** Builds the registry's half of the port. */
export function registryMetadata(rows: Rows): RegistryMetadata {
  return {
    ...registryReads(rows),
    ...removalsMetadata(rows),
    listReferrers: (repository, subject, page) =>
      rows.read((tx) => listReferrers(tx, { repository, subject, ...page })),
    putManifest: (put) =>
      rows.write(
        (tx) => putManifest(tx, put),
        ({ kind }) => kind === "stored",
        // They move the same tags, or touch neighbours in the same pages of indexes.
        "manifests",
      ),
  };
}
