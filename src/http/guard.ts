// The one place that decides whether an operation is allowed as the server is now. Who may is decided before (door.ts).
import type { WriteLatch } from "../durability/writeLatch.ts";
import { RegistryError, type Situation } from "../errors.ts";
import { AnswerError } from "./errors.ts";
import { isMultipart, isWrite, needsStore, type Operation } from "./operation.ts";
import type { Question } from "./requestContext.ts";
import type { Route } from "./router.ts";

/** Switches of the operator. */
export interface Switches {
  /** False: nothing can be deleted. Uploads can still be cancelled. */
  readonly delete: boolean;
  /** True: nothing can be pushed or deleted. */
  readonly readOnly: boolean;
  /** False: objects come in one request only. */
  readonly multipart: boolean;
}

export interface Guard {
  /**
   * Lets an operation pass. @throws what stops it: RegistryError DELETE_DISABLED, WRITES_DISABLED and MULTIPART_DISABLED (with `Allow`), READ_ONLY, BUSY.
   */
  admit(question: Question): void;
  /** Methods a path takes while the switches are as they are: the value of `Allow` (RFC 9110, 15.5.6). */
  methodsOf(route: Route): readonly string[];
}

/** The dependencies of the guard. */
export interface GuardDeps {
  readonly latch: Pick<WriteLatch, "assertWritable">;
  /** True once the server has begun to stop. */
  readonly isDraining: () => boolean;
  /** @throws RegistryError BUSY while what a write needs is short. */
  readonly assertRoom: () => void;
  readonly switches: Switches;
}

/** Everything is allowed, except what is switched off, writes to a read-only store, and requests to a server that is about to stop. */
export function makeGuard({ latch, isDraining, assertRoom, switches }: GuardDeps): Guard {
  return {
    admit: ({ operation, route }) => {
      const situation = switchedOff(switches, operation);
      if (situation !== null) {
        const allow = permitted(switches, route).join(", ");
        throw new AnswerError(new RegistryError(situation), { allow });
      }
      // Only what asks how the server is may still be asked: nothing else may keep it from ending.
      if (isDraining() && operation.needs !== "nothing") {
        throw new RegistryError("BUSY", {
          message: "the server is stopping; try again in a moment",
        });
      }
      if (!needsStore(operation)) return;
      latch.assertWritable();
      assertRoom();
    },
    methodsOf: (route) => permitted(switches, route),
  };
}

function switchedOff(switches: Switches, operation: Operation): Situation | null {
  if (!switches.multipart && isMultipart(operation)) return "MULTIPART_DISABLED";
  if (switches.readOnly && isWrite(operation)) return "WRITES_DISABLED";
  return !switches.delete && operation.action === "delete" ? "DELETE_DISABLED" : null;
}

function permitted(switches: Switches, { operations }: Route): readonly string[] {
  return [...operations.values()]
    .filter((operation) => switchedOff(switches, operation) === null)
    .map(({ method }) => method);
}
