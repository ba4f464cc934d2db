// The administrator whom a new server gets from its environment.
import type { AccountsMetadata } from "../metadata/access.ts";
import { Passwords } from "./passwords.ts";

/** Name of the user whose password the environment gives. */
export const firstUserName = "admin";

/** Adds `admin` to a store that never had an account. @returns whether it did. */
export async function addFirstUser(
  deps: {
    readonly accounts: Pick<AccountsMetadata, "addFirstUser">;
    readonly clock: () => number;
    readonly newId: () => string;
  },
  password: string,
): Promise<boolean> {
  const passwordHash = await new Passwords().hash(password);
  const createdAt = deps.clock();
  const user = { name: firstUserName, passwordHash, isAdmin: true, stamp: deps.newId(), createdAt };
  const by = { who: "server", address: null, requestId: null, at: createdAt };
  return deps.accounts.addFirstUser(user, by);
}
