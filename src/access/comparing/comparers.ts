// Passwords are compared by workers of low priority: somebody who guesses at them takes only the time of a core that nobody else needs.
import { Pool } from "../../workers/pool.ts";
import type { CompareReport, CompareRequest } from "./protocol.ts";

const idleMs = 60_000;

/** Compares as many passwords at a time as there may be workers. */
export class Comparers {
  readonly #workers: Pool<CompareRequest, CompareReport>;

  /** @param most workers at a time. */
  constructor(spawn: () => Worker, most: number) {
    this.#workers = new Pool({ spawn, most, idleMs });
  }

  /** @param hash in PHC's or bcrypt's spelling. @throws Error when it has another one. */
  async compare(password: string | Uint8Array, hash: string): Promise<boolean> {
    // A worker that cannot be started, or that died, must not keep people out.
    const report = await this.#workers.ask({ password, hash }).catch(() => null);
    if (report === null) return Bun.password.verify(password, hash);
    if (report.kind === "compared") return report.isRight;
    throw new Error(`a password was not compared: ${report.message}`);
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
