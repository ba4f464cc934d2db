// What open pages listen to: one look a second for all of them, and only while there is one. Streams are few, and end soon, so that who
// may listen is asked again.
import { RegistryError } from "../errors.ts";

/** What pages may listen to. */
export const topics = ["uploads", "gc", "checks"] as const;
export type Topic = (typeof topics)[number];

/** Reads the state of a topic, as it is sent. */
export type Readers = Readonly<Record<Topic, () => Promise<unknown>>>;

/** The times of a feed, ms. */
export interface FeedTimes {
  readonly lookEveryMs: number;
  /** Something is sent at least so often: proxies and clients cut what is silent. */
  readonly signEveryMs: number;
  /** A stream ends then. The browser asks for the next one with the rights that it has by then. */
  readonly longestMs: number;
}

const usual: FeedTimes = { lookEveryMs: 1_000, signEveryMs: 10_000, longestMs: 60_000 };
/** Open at a time. */
export const mostStreams = 64;
/** Bytes that a client may leave unread; more, and its stream ends. */
const mostUnread = 1024 * 1024;

interface Listener {
  readonly topics: readonly Topic[];
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly sent: Map<Topic, string>;
  readonly ends: Timer;
}

/** Sends states to those who listen. */
export class LiveFeed {
  readonly #readers: Readers;
  readonly #times: FeedTimes;
  readonly #listeners = new Set<Listener>();
  #looking: Timer | null = null;
  #signing: Timer | null = null;
  #isBusy = false;
  #isClosed = false;

  constructor(readers: Readers, times: FeedTimes = usual) {
    this.#readers = readers;
    this.#times = times;
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** The body of an answer. @throws RegistryError BUSY while too many listen, or the server stops. */
  open(wanted: readonly Topic[]): ReadableStream<Uint8Array> {
    if (this.#isClosed || this.#listeners.size >= mostStreams) throw new RegistryError("BUSY");
    let own: Listener | null = null;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = this.#add(wanted, controller);
        },
        cancel: () => {
          if (own !== null) this.#remove(own);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: mostUnread }),
    );
  }

  /** Ends all streams, and begins no other. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) this.#end(listener);
  }

  #add(
    wanted: readonly Topic[],
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Listener {
    const ends = setTimeout(() => this.#end(listener), this.#times.longestMs);
    const listener = { topics: wanted, controller, sent: new Map<Topic, string>(), ends };
    this.#listeners.add(listener);
    // The browser tries again after this time, ms.
    this.#send(listener, "retry: 2000\n\n");
    this.#looking ??= setInterval(() => void this.#look(), this.#times.lookEveryMs);
    this.#signing ??= setInterval(() => this.#sign(), this.#times.signEveryMs);
    void this.#look();
    return listener;
  }

  async #look(): Promise<void> {
    // A database that answers slowly is not asked twice.
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const wanted = new Set([...this.#listeners].flatMap((listener) => listener.topics));
      for (const topic of wanted) await this.#tell(topic);
    } finally {
      this.#isBusy = false;
    }
  }

  async #tell(topic: Topic): Promise<void> {
    let state: string;
    try {
      state = JSON.stringify(await this.#readers[topic]());
    } catch {
      // The page shows what it knew last; the next look may succeed.
      return;
    }
    for (const listener of this.#listeners) {
      if (!listener.topics.includes(topic) || listener.sent.get(topic) === state) continue;
      listener.sent.set(topic, state);
      this.#send(listener, `event: ${topic}\ndata: ${state}\n\n`);
    }
  }

  #sign(): void {
    for (const listener of this.#listeners) this.#send(listener, ":\n\n");
  }

  #send(listener: Listener, text: string): void {
    const { controller } = listener;
    if ((controller.desiredSize ?? 0) <= 0) this.#end(listener);
    else controller.enqueue(Buffer.from(text));
  }

  #end(listener: Listener): void {
    if (this.#remove(listener)) listener.controller.close();
  }

  /** @returns false when it was removed before. */
  #remove(listener: Listener): boolean {
    clearTimeout(listener.ends);
    const was = this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return was;
    if (this.#looking !== null) clearInterval(this.#looking);
    if (this.#signing !== null) clearInterval(this.#signing);
    [this.#looking, this.#signing] = [null, null];
    return was;
  }
}
