// What the scenario asks of each client: the words that differ between them.
import type { Needs } from "../../support/clientTest.ts";
import type { Scope } from "../../support/scope.ts";
import type { Site } from "./site.ts";

/** A real client of registries. */
export interface Client {
  readonly name: string;
  readonly needs: Needs;
  /** Where `breadbox trust-ca` says what to do for it. */
  readonly section: string;
  /** Its login asks the registry; otherwise wrong credentials show in the next request. */
  readonly checksLogin: boolean;
  /** Starts it, with storage, settings and logins of its own. */
  open(scope: Scope, site: Site): Promise<Session>;
}

/** One that runs. All methods throw an Error with the client's output when it fails. */
export interface Session {
  login(user: string, password: string): Promise<unknown>;
  logout(): Promise<unknown>;
  /** Pushes an image as `<repository>:1`. */
  push(repository: string): Promise<unknown>;
  /** Forgets that image, pulls it, and compares it with what was pushed. */
  pull(repository: string): Promise<unknown>;
}

/** @throws Error when they differ. */
export function assertSame(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} is ${found}, not ${expected}`);
}

/** What clients print when they need a login, have a wrong one, or may not. */
export const refused = /401|403|unauthorized|denied|authorization failed|invalid username/i;

/** Waits for a command that has to fail. @returns what it printed.
 *  @throws Error when it works, or was tried again in vain. */
export async function failure(work: Promise<unknown>): Promise<string> {
  const ended = await work.then(
    () => null,
    (error: unknown) => String(error),
  );
  if (ended === null) throw new Error("it worked, and should not");
  // dockerd waits 50 s before it gives up on what it takes for a passing failure.
  if (ended.includes("Retrying in")) throw new Error(`it was tried again\n${ended}`);
  return ended;
}
