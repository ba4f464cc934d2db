// Descriptors: how one content names another (OCI image-spec, "Content Descriptors").
import type { Digest } from "./digest.ts";

/** What every reference to content states. `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}
