// Connections to Postgres, shared: one user at a time for transactions, any number at once for single statements.
import { RegistryError } from "../../errors.ts";
import type { Line, Rowset } from "./line.ts";
import type { Value } from "./target.ts";

interface Waiter {
  /** Its turn. */
  readonly take: (line: Line) => void;
  readonly fail: (error: unknown) => void;
}

/** How often silent connections are looked for, in ms. */
const checkEvery = 1_000;

/** The way that one connection went silent on is that of the others: those that are not in use would have to be found out one by one. */
function dropSilent(used: Iterable<Line>, idle: Iterable<Line>): void {
  const silent = [...used].filter((line) => line.check());
  if (silent.length === 0) return;
  for (const line of idle) if (line.load === 0) line.drop();
}

/** At most `most` connections, each with one user at a time; who comes first is served first. */
export class Pool {
  readonly #open: () => Promise<Line>;
  readonly #most: number;
  readonly #idle: Line[] = [];
  readonly #used = new Set<Line>();
  readonly #waiting: Waiter[] = [];
  readonly #timer: Timer;
  #opening = 0;
  #isClosed = false;

  constructor(most: number, open: () => Promise<Line>) {
    this.#most = most;
    this.#open = open;
    this.#timer = setInterval(() => dropSilent(this.#used, this.#idle), checkEvery).unref();
  }

  /** A connection, to be given back. @throws RegistryError BUSY when none becomes free within `patienceMs`. */
  take(patienceMs: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new RegistryError("BUSY"));
      }, patienceMs);
      const waiter: Waiter = {
        take: (line) => {
          clearTimeout(timer);
          resolve(line);
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  /** @param isSound false: something went wrong on it, and it is dropped. */
  give(line: Line, isSound: boolean): void {
    this.#used.delete(line);
    if (isSound && !line.isDead && !this.#isClosed) this.#idle.push(line);
    else line.drop();
    this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const line = this.#idle.pop();
      if (line === undefined) break;
      if (line.isDead) line.drop();
      else this.#hand(line);
    }
    const others = this.#used.size + this.#opening;
    for (
      let more = Math.min(this.#waiting.length - this.#opening, this.#most - others);
      more > 0;
    ) {
      more -= 1;
      void this.#add();
    }
  }

  #hand(line: Line): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) {
      this.#idle.push(line);
      return;
    }
    this.#used.add(line);
    waiter.take(line);
  }

  /** If no connection can be had, all who wait hear it: they decide how long they try. */
  async #add(): Promise<void> {
    this.#opening += 1;
    try {
      const line = await this.#open();
      this.#opening -= 1;
      if (this.#isClosed) line.drop();
      else this.#hand(line);
    } catch (error) {
      this.#opening -= 1;
      for (const waiter of this.#waiting.splice(0)) waiter.fail(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const line of this.#idle.splice(0)) line.drop();
    for (const waiter of this.#waiting.splice(0)) waiter.fail(new RegistryError("BUSY"));
  }
}

/** Connections for single statements, which are sent one behind the other without waiting. */
export class Readers {
  readonly #open: () => Promise<Line>;
  readonly #lines: (Promise<Line> | null)[];
  readonly #timer: Timer;
  readonly #opened = new Set<Line>();
  #next = 0;

  constructor(count: number, open: () => Promise<Line>) {
    this.#open = open;
    this.#lines = new Array<null>(count).fill(null);
    this.#timer = setInterval(() => dropSilent(this.#opened, this.#opened), checkEvery).unref();
  }

  async send(text: string, values: readonly Value[]): Promise<Rowset> {
    this.#next = (this.#next + 1) % this.#lines.length;
    return (await this.#lineAt(this.#next)).send(text, values);
  }

  async #lineAt(place: number): Promise<Line> {
    const present = this.#lines[place] ?? this.#replace(place, null);
    const line = await present;
    if (!line.isDead) return line;
    return this.#replace(place, present);
  }

  /** Whoever finds it dead first opens another one; the others wait for that. */
  #replace(place: number, dead: Promise<Line> | null): Promise<Line> {
    const present = this.#lines[place] ?? null;
    if (present !== dead && present !== null) return present;
    const opened = this.#add();
    this.#lines[place] = opened;
    opened.catch(() => {
      if (this.#lines[place] === opened) this.#lines[place] = null;
    });
    return opened;
  }

  async #add(): Promise<Line> {
    const line = await this.#open();
    for (const known of this.#opened) if (known.isDead) this.#opened.delete(known);
    this.#opened.add(line);
    return line;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const line of this.#lines) (await line?.catch(() => null))?.drop();
  }
}
