// Messages between the server and a worker that hashes with a state that can be kept. Each end switches on `kind`.
import type { Algorithm } from "../../../model/digest.ts";

/** Which hash a message is about; never used twice. */
export type Job = number;

/** Server → worker. */
export type HashRequest =
  /** @param state of the bytes before, as a report had it; null: there are none. */
  | {
      readonly kind: "begin";
      readonly job: Job;
      readonly algorithm: Algorithm;
      readonly state: Uint8Array | null;
    }
  /** Bytes in shared memory, which stay as they are until they are reported. */
  | { readonly kind: "bytes"; readonly job: Job; readonly bytes: Uint8Array }
  /** Asks for everything up to here, and ends the job. */
  | { readonly kind: "end"; readonly job: Job }
  /** Ends the job without an answer. */
  | { readonly kind: "drop"; readonly job: Job };

/** Worker → server, in the order of the requests. */
export type HashReport =
  /** The oldest bytes that were not reported yet are not needed any more. */
  | { readonly kind: "taken"; readonly job: Job }
  | { readonly kind: "end"; readonly job: Job; readonly state: Uint8Array; readonly hex: string }
  /** The job is over, above all because its state is that of another version. */
  | { readonly kind: "failed"; readonly job: Job; readonly reason: string };
