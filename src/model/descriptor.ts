// Descriptors: how one content names another (OCI image-spec, "Content Descriptors").
import type { Digest } from "./digest.ts";

/** The members of every reference to content. `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}
