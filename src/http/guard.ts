// The one place that decides whether an operation may go on. Accounts will be asked here as well.
import type { WriteLatch } from "../content/writeLatch.ts";
import { RegistryError } from "../errors.ts";
import { isWrite, type Operation } from "./operations.ts";

/** Lets an operation pass or throws what stops it. */
export type Guard = (operation: Operation) => void;

/** What the guard looks at. */
export interface GuardDeps {
  readonly latch: Pick<WriteLatch, "assertWritable">;
  /** True once the server has begun to stop. */
  readonly isDraining: () => boolean;
}

/** Everything is allowed, except writes to a store that is read-only or about to stop. */
export function makeGuard({ latch, isDraining }: GuardDeps): Guard {
  return (operation) => {
    if (!isWrite(operation)) return;
    latch.assertWritable();
    if (isDraining()) {
      throw new RegistryError("BUSY", { message: "the server is stopping; try again in a moment" });
    }
  };
}
