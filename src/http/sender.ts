// The sender of a body that this process has no room for now. The runtime would read on, up to a MiB for each request.

/** Opens and closes the way in of one connection. */
export interface Valve {
  /** False while what comes has to wait in the kernel. */
  set(isOpen: boolean): void;
  /** True while less is to wait there than usual. */
  narrow(isNarrow: boolean): void;
}

/** The valve of the connection whose other end has this port; null where it cannot be told. */
export type FindValve = (port: number) => Valve | null;

/** So many senders that are held make it crowded: what the runtime reads at once of each would add up. */
const many = 8;
/** Senders that are held now. */
let held = 0;

/** The sender of one request's body. */
export class Sender {
  readonly #find: () => Valve | null;
  #valve: Valve | null = null;
  #isHeld = false;

  constructor(find: () => Valve | null) {
    this.#find = find;
  }

  /** Reads nothing from its connection until `letGo`, where that is possible. */
  hold(): void {
    if (this.#isHeld) return;
    this.#valve ??= this.#find();
    if (this.#valve === null) return;
    this.#isHeld = true;
    held += 1;
    this.#valve.set(false);
    if (held > many) this.#valve.narrow(true);
  }

  /**
   * Lets go when `chunk` is not there already. What the runtime has read before comes in pieces: for each of them it would read on,
   * and keep more and more.
   */
  letGoFor(chunk: Promise<unknown>): void {
    if (!this.#isHeld) return;
    let isThere = false;
    const arrive = () => {
      isThere = true;
    };
    chunk.then(arrive, arrive);
    setImmediate(() => {
      if (!isThere) this.letGo();
    });
  }

  /** Before the answer, too: the connection may be used again. */
  letGo(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    held -= 1;
    if (held <= many / 2) this.#valve?.narrow(false);
    this.#valve?.set(true);
  }
}
