// Answers that are on their way: a client may take as long as it likes for one while it reads. Bun cuts a connection that was idle
// for its `idleTimeout`, counts from the answer's start, and does not see that a client takes a little now and then.
import { longestTimeout, type RequestContext } from "./requestContext.ts";

/**
 * Bytes of this machine's connections that their other ends have not acknowledged, by the port of the other end; text, only to be
 * compared. null where the system does not say.
 */
export type ReadUnread = (localPort: number) => Promise<ReadonlyMap<number, string> | null>;

/** Answers that may not fit into what their connections buffer. */
const long = new WeakSet<Response>();

/** Marks an answer of `sharedFrom` bytes or more: its client may need minutes for it. Marking all of them would cost each one 2 µs. */
export function longAnswer(response: Response): Response {
  long.add(response);
  return response;
}

/** Ended answers are sorted out when there are so many more than at the last time: a small part of the work of each. */
const spare = 1024;

/** Extends the connections of clients that read. */
export class SlowReaders {
  readonly #readUnread: ReadUnread;
  /** Unread bytes at the last look; null before the first one. */
  readonly #unread = new Map<RequestContext, string | null>();
  #sortOutAt = spare;

  constructor(readUnread: ReadUnread) {
    this.#readUnread = readUnread;
  }

  /** An answer is about to be sent. */
  add(context: RequestContext, response: Response): void {
    if (!long.has(response)) return;
    this.#unread.set(context, null);
    if (this.#unread.size < this.#sortOutAt) return;
    this.#sortOut();
    this.#sortOutAt = 2 * this.#unread.size + spare;
  }

  /** Called more often than Bun's `idleTimeout`. Who has read nothing since the last look is not extended, and is cut in the end. */
  async look(localPort: number): Promise<void> {
    this.#sortOut();
    if (this.#unread.size === 0) return;
    const unread = await this.#readUnread(localPort);
    for (const [context, before] of this.#unread) {
      const port = context.port();
      if (port === null) continue;
      const now = unread?.get(port) ?? "";
      if (now === before) continue;
      this.#unread.set(context, now);
      context.extend(longestTimeout);
    }
  }

  /** Forgets answers that were sent to their end, or whose client left. */
  #sortOut(): void {
    for (const context of this.#unread.keys()) {
      if (context.port() === null) this.#unread.delete(context);
    }
  }
}
