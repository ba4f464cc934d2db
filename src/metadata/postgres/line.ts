// One connection to Postgres: a client of postgres.js of its own. A line that broke is dropped, never mended, so that no statement of
// a transaction can end up on another connection. The driver's pool mends them (3.4.9; porsager/postgres #1154, #1195, #1208).
import postgres, { type Sql } from "postgres";
import type { Value } from "./target.ts";
import { LineLostError } from "./troubles.ts";

/** How to connect. */
export interface LineOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** PEM: whose certificates the server may have. null: those that the system trusts, if the URL asks for any (`sslmode`). */
  readonly ca: string | null;
  /** True behind a pooler that changes the connection between transactions: it knows no prepared statements and no settings of a session. */
  readonly pooled: boolean;
  /** How long Postgres works on one statement, in ms. */
  readonly statementTimeoutMs: number;
}

/** Rows as the driver gives them, and the names of their columns. */
export interface Rowset {
  readonly rows: readonly (readonly unknown[])[];
  readonly names: readonly string[];
}

interface Queued {
  readonly text: string;
  readonly values: readonly Value[];
  readonly resolve: (rows: Promise<Rowset>) => void;
  readonly reject: (error: unknown) => void;
}

/** Fewer than the driver lets a connection have. */
const mostInFlight = 64;
/** A server that neither answers nor ends a statement in its time is lost, or the way to it is. ms. */
const silenceMs = 5_000;
const connectSeconds = 5;
const keepAliveSeconds = 10;

/** What is sent goes out at once, one behind the other, and is answered in that order. */
export class Line {
  readonly #sql: Sql<{ bigint: number; numeric: number }>;
  readonly #options: LineOptions;
  /** Texts that the server knows on this line. */
  readonly #known = new Set<string>();
  readonly #queue: Queued[] = [];
  readonly #inFlight = new Set<(error: unknown) => void>();
  #isDescribing = false;
  #isDead = false;
  /** When something was last sent into the silence, or answered; ms of the process. */
  #heardAt = 0;

  private constructor(options: LineOptions) {
    this.#options = options;
    this.#sql = postgres(options.url, {
      max: 1,
      fetch_types: false,
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: connectSeconds,
      keep_alive: keepAliveSeconds,
      onnotice: () => undefined,
      onclose: () => this.#lose(),
      connection: startup(options),
      // Whole numbers, and sums of them.
      types: {
        bigint: { to: 20, from: [20], parse: Number, serialize: String },
        numeric: { to: 1700, from: [1700], parse: Number, serialize: String },
      },
      ...encryption(options),
    });
  }

  /** Connects. What is sent before would wait in the driver's own queue, and that survives the connection. */
  static async open(options: LineOptions): Promise<Line> {
    const line = new Line(options);
    try {
      await line.#go("select 1", []);
      return line;
    } catch (error) {
      line.drop();
      throw error;
    }
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** How many statements wait for their answers. */
  get load(): number {
    return this.#inFlight.size + this.#queue.length;
  }

  /** Without values several statements may be in one text. */
  send(text: string, values: readonly Value[] = []): Promise<Rowset> {
    if (this.#isDead) return Promise.reject(lost());
    if (this.#queue.length === 0 && this.#mayGo(text, values)) return this.#go(text, values);
    return new Promise((resolve, reject) => this.#queue.push({ text, values, resolve, reject }));
  }

  /** Drops it if the server has been silent for longer than any statement may take. @returns whether it was. */
  check(): boolean {
    const patience = this.#options.statementTimeoutMs + silenceMs;
    const isSilent = this.#inFlight.size > 0 && performance.now() - this.#heardAt > patience;
    if (isSilent) this.drop();
    return isSilent;
  }

  drop(): void {
    this.#lose();
    void this.#sql.end({ timeout: 0 }).catch(() => undefined);
  }

  /** The driver sends a text that is new to a connection in two steps, and keeps in its queue what comes meanwhile. */
  #mayGo(text: string, values: readonly Value[]): boolean {
    if (this.#isDescribing || this.#inFlight.size >= mostInFlight) return false;
    return this.#inFlight.size === 0 || this.#isKnown(text, values);
  }

  #isKnown(text: string, values: readonly Value[]): boolean {
    return values.length === 0 || (!this.#options.pooled && this.#known.has(keyOf(text, values)));
  }

  #go(text: string, values: readonly Value[]): Promise<Rowset> {
    const isNew = !this.#isKnown(text, values);
    this.#isDescribing = isNew;
    if (this.#inFlight.size === 0) this.#heardAt = performance.now();
    const prepare = values.length === 0 ? {} : { prepare: !this.#options.pooled };
    const query = this.#sql.unsafe(text, [...values], prepare);
    return new Promise((resolve, reject) => {
      this.#inFlight.add(reject);
      const settled = (): void => {
        this.#inFlight.delete(reject);
        this.#heardAt = performance.now();
        this.#settled(isNew);
      };
      // A query of the driver starts when somebody waits for it: `execute` keeps them in order.
      query
        .values()
        .execute()
        .then(
          (rows) => {
            if (isNew) this.#known.add(keyOf(text, values));
            resolve({ rows, names: namesOf(rows) });
            settled();
          },
          (error: unknown) => {
            reject(error);
            settled();
          },
        );
    });
  }

  #settled(wasNew: boolean): void {
    if (wasNew) this.#isDescribing = false;
    for (let next = this.#queue[0]; next !== undefined && !this.#isDead; next = this.#queue[0]) {
      if (!this.#mayGo(next.text, next.values)) return;
      this.#queue.shift();
      next.resolve(this.#go(next.text, next.values));
    }
  }

  #lose(): void {
    this.#isDead = true;
    for (const { reject } of this.#queue.splice(0)) reject(lost());
    // The driver forgets what was sent between the socket's error and its end.
    for (const reject of this.#inFlight) reject(lost());
  }
}

const lost = (): LineLostError => new LineLostError("the connection to the database broke");

/** What a session is told when it begins. A pooler refuses what it does not know. */
function startup({ pooled, statementTimeoutMs }: LineOptions) {
  const name = { application_name: "breadbox" };
  return pooled ? name : { ...name, statement_timeout: statementTimeoutMs };
}

/** Encrypted if the server can; the URL may ask for more, or for less (`sslmode`). */
function encryption({ url, ca }: LineOptions) {
  if (ca !== null) return { ssl: { ca } };
  return /[?&](?:sslmode|ssl|sslrootcert)=/.test(url) ? {} : { ssl: "prefer" as const };
}

function namesOf(rows: { readonly columns?: readonly { readonly name: string }[] | null }) {
  return (rows.columns ?? []).map(({ name }) => name);
}

/** The driver prepares a text once for each list of types. */
function keyOf(text: string, values: readonly Value[]): string {
  return `${values.map((value) => (value instanceof Uint8Array ? "b" : "t")).join("")} ${text}`;
}
