// The registry's half of the port.
import type { ManifestPut, RegistryMetadata } from "../metadata.ts";
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
        { name: "manifests", keys: keysOf(put) },
      ),
  };
}

/** What others may change that a push asks about: its tags, its own manifest, and those that it names or is about. */
function keysOf({ repository, digest, tags, subject, references }: ManifestPut): readonly string[] {
  const children = references.filter(({ kind }) => kind === "child");
  const manifests = [digest, ...children.map((child) => child.digest)];
  // Names hold no space, tags no colon.
  return [...tags, ...manifests, ...(subject === null ? [] : [subject])].map(
    (name) => `${repository} ${name}`,
  );
}
