// Which content a manifest needs before it is stored, and which it may only name. Pure.
import type { ManifestReference } from "../metadata/metadata.ts";

/**
 * References that a manifest may have although its repository lacks them: nothing, the entries of an index (of an image with many
 * platforms, some are mirrored), or anything.
 */
export type Sparse = "off" | "indexes" | "all";

/** The same references, those no longer required that need not be there. What is there must have the declared size all the same. */
export function relaxReferences(
  references: readonly ManifestReference[],
  sparse: Sparse,
): readonly ManifestReference[] {
  if (sparse === "off") return references;
  return references.map((reference) =>
    sparse === "all" || reference.kind === "child" ? { ...reference, required: false } : reference,
  );
}
