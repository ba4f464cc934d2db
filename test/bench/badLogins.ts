// Logins that fail, at a steady rate, from one address or from many: what a server bears that somebody guesses at.
import { connect, type Socket } from "node:net";

/** How they come. */
export interface BadLoginsOptions {
  readonly port: number;
  readonly perSecond: number;
  /** Of loopback. */
  readonly addresses: number;
}

const everyMs = 10;
/** One request at a time on each: answers to guesses may take seconds. */
const connections = 1_000;

/** Sends wrong passwords of users that are not there, until told to stop. */
export class BadLogins {
  readonly #idle: Socket[] = [];
  readonly #all: readonly Socket[];
  readonly #timer: Timer;
  #sent = 0;
  #due = 0;

  constructor({ port, perSecond, addresses }: BadLoginsOptions) {
    this.#all = Array.from({ length: connections }, (_, n) => {
      const at = n % addresses;
      const localAddress = `127.1.${Math.floor(at / 250)}.${(at % 250) + 1}`;
      const socket = connect({ host: "127.0.0.1", port, localAddress });
      socket.on("connect", () => this.#idle.push(socket));
      socket.on("data", () => this.#idle.push(socket));
      socket.on("error", () => {});
      return socket;
    });
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#due += ((now - last) / 1000) * perSecond;
      last = now;
      while (this.#due >= 1 && this.#send()) this.#due -= 1;
    }, everyMs);
  }

  /** @returns false when every connection waits for an answer. */
  #send(): boolean {
    const socket = this.#idle.shift();
    if (socket === undefined) return false;
    this.#sent += 1;
    const who = btoa(`user${this.#sent}:wrong password`);
    socket.write(`GET /v2/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${who}\r\n\r\n`);
    return true;
  }

  /** @returns how many were sent since the last call. */
  take(): number {
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#all) socket.destroy();
  }
}
