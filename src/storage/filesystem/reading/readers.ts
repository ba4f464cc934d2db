// Threads that wait for the disk when content is sent that is not in memory. The runtime's own threads for files are as few as the
// machine has cores, and everything else that touches a file needs them: a disk that does not answer must not hold them.
import { Pool } from "../../../workers/pool.ts";
import type { ReadReport, ReadRequest } from "./protocol.ts";

/** Where to read. */
export interface Place {
  /** An open file's descriptor. It stays open until the read has ended. */
  readonly file: number;
  /** Bytes from its beginning. */
  readonly at: number;
}

/** Reads at a time. A disk that does not answer for one file keeps one of them. */
const most = 4;
const idleMs = 60_000;

/** Hands reads to workers, one to each, first come first served. */
export class Readers {
  readonly #workers: Pool<ReadRequest, ReadReport>;

  constructor(spawn: () => Worker) {
    this.#workers = new Pool({ spawn, most, idleMs });
  }

  /** Fills `into` from its beginning. @returns how many bytes were read. @throws Error when they cannot be read, or the worker died. */
  async read({ file, at }: Place, into: Uint8Array<SharedArrayBuffer>): Promise<number> {
    const report = await this.#workers.ask({ file, at, into });
    if (report.kind === "read") return report.count;
    throw new Error(`stored content cannot be read: ${report.message}`);
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
