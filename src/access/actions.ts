// The vocabulary of access: what may be done, on what, and by whom.

import type { JobOrigin } from "../model/jobOrigin.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName, ObjectName } from "../model/objectNames.ts";

/** Rights that a grant can give. Each is given alone: none contains another. */
export const actions = ["pull", "push", "overwrite", "delete", "admin"] as const;

/**
 * - `pull`: read manifests, blobs, tags and objects, and list them.
 * - `push`: create what does not exist yet.
 * - `overwrite`: move a tag, replace an object.
 * - `delete`: delete manifests, tags, blobs and objects.
 * - `admin`: everything that concerns the whole server or a whole bucket: collect garbage, create and delete buckets.
 */
export type Action = (typeof actions)[number];

/** Parts of the server that grants name as `server:<area>`. */
export const areas = ["gc", "metrics", "explorer", "audit", "webhooks"] as const;
export type Area = (typeof areas)[number];

/** What a request is about. */
export type Resource =
  | { readonly kind: "repository"; readonly repository: RepositoryName }
  /** A bucket as a whole. */
  | { readonly kind: "bucket"; readonly bucket: BucketName }
  | { readonly kind: "object"; readonly bucket: BucketName; readonly object: ObjectName }
  /** All objects whose names begin with `prefix`, which may be empty. */
  | { readonly kind: "objects"; readonly bucket: BucketName; readonly prefix: string }
  | { readonly kind: "server"; readonly area: Area };

/** Who asks. */
export type Principal =
  | { readonly kind: "anonymous" }
  | { readonly kind: "user"; readonly name: string; readonly isAdmin: boolean }
  /** An access token; its grants are its own, not those of who made it. */
  | { readonly kind: "token"; readonly name: string }
  /** A job that proved by a token of its issuer which trust rule it meets; `origin` is null where no job in particular is meant. */
  | { readonly kind: "workload"; readonly rule: string; readonly origin: JobOrigin | null };

/** Whom a rule is about: `anonymous`, `authenticated`, `user:NAME`, `token:NAME` or `workload:RULE`. */
export type Who =
  | "anonymous"
  | "authenticated"
  | `user:${string}`
  | `token:${string}`
  | `workload:${string}`;

/** How a caller is written down, such as `user:ann`; null for nobody in particular. */
export function nameOf(principal: Principal): string | null {
  if (principal.kind === "anonymous") return null;
  return `${principal.kind}:${principal.kind === "workload" ? principal.rule : principal.name}`;
}

/** The most specific first: what a rule about the former says, no rule about the latter changes. */
export function whoIs(principal: Principal): readonly Who[] {
  switch (principal.kind) {
    case "anonymous":
      return ["anonymous"];
    case "user":
    case "token":
      return [`${principal.kind}:${principal.name}`, "authenticated", "anonymous"];
    case "workload":
      return [`workload:${principal.rule}`, "authenticated", "anonymous"];
  }
}
