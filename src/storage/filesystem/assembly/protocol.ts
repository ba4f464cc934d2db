// Messages between the server and the worker that puts parts together. Each end switches on `kind`.
import type { Situation } from "../../../errors.ts";
import type { StagedPart } from "../../../model/staged.ts";
import type { UploadId } from "../../../model/uploadId.ts";

/** The worker's description of a part. Two are the same if their versions are. */
export type WantedPart = Pick<StagedPart, "number" | "size" | "etag" | "place">;

/** Server → worker. */
export type AssemblyRequest =
  /** Once, first: where staged files are. */
  | { readonly kind: "open"; readonly directory: string }
  /** The upload's list of parts is exactly this. With `ask`, the worker answers once all of it is assembled and durable. */
  | {
      readonly kind: "list";
      readonly id: UploadId;
      readonly parts: readonly WantedPart[];
      readonly ask: number | null;
    }
  /** From its place `index` on, the list has these parts instead of what it had there, or behind its end. */
  | {
      readonly kind: "put";
      readonly id: UploadId;
      readonly index: number;
      readonly parts: readonly WantedPart[];
    }
  /** The upload is over, or idle. */
  | { readonly kind: "forget"; readonly id: UploadId };

/** Worker → server. */
export type AssemblyReport =
  /** Work continues. */
  | { readonly kind: "alive" }
  | {
      readonly kind: "done";
      readonly id: UploadId;
      readonly ask: number;
      /** Bytes. */
      readonly size: number;
      /** Of all of them, SHA-256. */
      readonly hex: string;
    }
  | {
      readonly kind: "failed";
      readonly id: UploadId;
      readonly ask: number;
      readonly situation: Situation;
      readonly message: string;
      /** The part that is in the way; null when none is. */
      readonly part: number | null;
    }
  /** A sync or write failed for good: nothing may be written any more. */
  | { readonly kind: "tripped"; readonly reason: string; readonly message: string };
