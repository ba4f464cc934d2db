// What access works with.
import type { AccessMetadata } from "../metadata/access.ts";
import type { TrustMetadata } from "../metadata/trust.ts";
import type { HtpasswdFile } from "./htpasswdFile.ts";
import type { LoginTrail } from "./loginTrail.ts";
import type { Comparison } from "./passwords.ts";
import type { WorkloadEvent } from "./workloads.ts";

/** `auto`: open on loopback until the first account exists, closed everywhere else. */
export type AuthMode = "auto" | "none" | "required";

/** What access works with. */
export interface AccessDeps {
  readonly metadata: AccessMetadata;
  readonly trust: TrustMetadata;
  readonly mode: AuthMode;
  /** True when only this machine reaches the server. */
  readonly isLoopback: boolean;
  /** null without one. */
  readonly htpasswd: HtpasswdFile | null;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly newId: () => string;
  /** How passwords are compared; by default one at a time, by the runtime's threads. */
  readonly comparison?: Comparison;
  /** Writes logins down. */
  readonly trail: Pick<LoginTrail, "note">;
  /** Called for what jobs without a password do to the server. */
  readonly onWorkload: (event: WorkloadEvent) => void;
}
