// One HTTP/1.1 connection on a raw socket: sends a body of any size straight from a prepared buffer and counts what
// comes back without keeping it. Costs far less than the servers that the bench measures with it.

/** Bytes to send: `head` first, then `block` again and again, `size` in all. */
export interface Body {
  readonly head: Uint8Array;
  readonly block: Uint8Array;
  readonly size: number;
}

/** What to ask. */
export interface Ask {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Sees the answer's body as it arrives; a chunk is only valid during the call. */
  readonly onBody?: (chunk: Uint8Array) => void;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body. */
  readonly bytes: number;
  /** The body's beginning, for error messages. */
  readonly excerpt: string;
}

const excerptBytes = 2048;
const endOfHead = Buffer.from("\r\n\r\n");

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

/** One connection; one request at a time. */
export class Connection {
  readonly #port: number;
  #socket: Bun.Socket | null = null;
  #pending: Pending | null = null;
  #outgoing: Iterator<Uint8Array> | null = null;
  #unsent: Uint8Array | null = null;
  #head: Buffer = Buffer.alloc(0);
  #answer: { status: number; headers: Map<string, string>; length: number } | null = null;
  #bytes = 0;
  #onBody: Ask["onBody"];
  #excerpt: Buffer = Buffer.alloc(0);

  private constructor(port: number) {
    this.#port = port;
  }

  /** Connects to 127.0.0.1. */
  static async open(port: number): Promise<Connection> {
    const connection = new Connection(port);
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => connection.#receive(chunk),
        drain: () => connection.#pump(),
        close: () => connection.#fail("the server closed the connection"),
        error: (_, failure) => connection.#fail(String(failure)),
      },
    });
    return connection;
  }

  /** Closes the socket. */
  close(): void {
    this.#socket?.end();
  }

  /** Sends one request and waits for the whole answer.
   *  @throws Error when the connection breaks or the answer has no Content-Length. */
  ask(ask: Ask): Promise<Answer> {
    this.#outgoing = pieces(this.#port, ask);
    this.#unsent = null;
    this.#head = Buffer.alloc(0);
    this.#answer = null;
    this.#bytes = 0;
    this.#onBody = ask.onBody;
    this.#excerpt = Buffer.alloc(0);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#pending = { resolve, reject };
    this.#pump();
    return promise;
  }

  /** Writes until the socket's buffer is full; `drain` calls again. */
  #pump(): void {
    while (this.#socket !== null) {
      if (this.#unsent === null) {
        const next = this.#outgoing?.next();
        if (next === undefined || next.done === true) return;
        this.#unsent = next.value;
      }
      const written = this.#socket.write(this.#unsent);
      if (written < this.#unsent.length) {
        this.#unsent = this.#unsent.subarray(Math.max(written, 0));
        return;
      }
      this.#unsent = null;
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#answer !== null) {
      this.#count(chunk);
      return;
    }
    this.#head = this.#head.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(endOfHead);
    if (end < 0) return;
    const rest = this.#head.subarray(end + endOfHead.length);
    this.#answer = parseHead(this.#head.toString("latin1", 0, end));
    if (this.#answer === null) this.#fail("an answer without Content-Length");
    else this.#count(rest);
  }

  #count(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#onBody?.(chunk);
    if (this.#excerpt.length < excerptBytes && chunk.length > 0) {
      this.#excerpt = Buffer.concat([this.#excerpt, chunk.subarray(0, excerptBytes)]);
    }
    const answer = this.#answer;
    if (answer === null || this.#bytes < answer.length) return;
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve({
      status: answer.status,
      headers: answer.headers,
      bytes: this.#bytes,
      excerpt: this.#excerpt.toString("utf8"),
    });
  }

  #fail(reason: string): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(new Error(`127.0.0.1:${this.#port}: ${reason}`));
  }
}

function* pieces(port: number, { method, path, headers = {}, body }: Ask): Generator<Uint8Array> {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (method !== "GET") lines.push(`Content-Length: ${body?.size ?? 0}`);
  yield Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
  if (body !== undefined) yield* bodyPieces(body);
}

function* bodyPieces({ head, block, size }: Body): Generator<Uint8Array> {
  yield head.subarray(0, size);
  for (let left = size - head.length; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block;
  }
}

/** `sha256:<hex>` of a body, without holding it. */
export function bodyDigest(body: Body): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const piece of bodyPieces(body)) hasher.update(piece);
  return `sha256:${hasher.digest("hex")}`;
}

function parseHead(
  text: string,
): { status: number; headers: Map<string, string>; length: number } | null {
  const [first = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number(first.split(" ")[1]);
  const length = status === 204 ? "0" : headers.get("content-length");
  return length === undefined ? null : { status, headers, length: Number(length) };
}
