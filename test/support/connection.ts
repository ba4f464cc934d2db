// One HTTP/1.1 connection on a raw socket: sends a body of any size straight from a prepared buffer and counts what
// comes back without keeping it. Costs far less than the servers that the bench measures with it.
import { ChunkedBody } from "./chunkedBody.ts";

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
  /** Sends the body in chunks of unstated number (RFC 9112, 7.1), as dockerd does, instead of with a length. */
  readonly chunked?: boolean;
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

interface AnswerHead {
  readonly status: number;
  readonly headers: Map<string, string>;
  /** Bytes of the body; 0 when it comes in chunks. */
  readonly length: number;
  /** null when it does not. */
  readonly chunks: ChunkedBody | null;
}

/** One connection; one request at a time. */
export class Connection {
  readonly #port: number;
  #socket: Bun.Socket | null = null;
  #pending: Pending | null = null;
  #outgoing: Iterator<Uint8Array> | null = null;
  #unsent: Uint8Array | null = null;
  #head: Buffer = Buffer.alloc(0);
  #answer: AnswerHead | null = null;
  #bytes = 0;
  #onBody: Ask["onBody"];
  #excerpt: Buffer = Buffer.alloc(0);

  private constructor(port: number) {
    this.#port = port;
  }

  /** Connects to 127.0.0.1. @param tls encrypts, without a look at the certificate. */
  static async open(port: number, tls = false): Promise<Connection> {
    const connection = new Connection(port);
    const ready = Promise.withResolvers<void>();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      ...(tls && { tls: { rejectUnauthorized: false } }),
      socket: {
        handshake: () => ready.resolve(),
        data: (_, chunk) => connection.#receive(chunk),
        drain: () => connection.#pump(),
        close: () => connection.#closed(),
        error: (_, failure) => connection.#fail(String(failure)),
      },
    });
    if (tls) await ready.promise;
    return connection;
  }

  /** Closes the socket. */
  close(): void {
    this.#socket?.end();
  }

  /** Sends one request and waits for the whole answer.
   *  @throws Error when the connection breaks, or the server has closed it meanwhile, as it does with idle ones. */
  ask(ask: Ask): Promise<Answer> {
    if (this.#socket === null) {
      return Promise.reject(new Error(`127.0.0.1:${this.#port}: the connection is closed`));
    }
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
    this.#count(rest);
  }

  #count(chunk: Buffer): void {
    const answer = this.#answer;
    if (answer === null) return;
    if (answer.chunks === null) this.#take(chunk);
    else if (!answer.chunks.take(chunk, (part) => this.#take(part))) return;
    if (this.#bytes < answer.length) return;
    this.#finish(answer, { bytes: this.#bytes, excerpt: this.#excerpt.toString("utf8") });
  }

  #take(part: Uint8Array): void {
    this.#bytes += part.length;
    this.#onBody?.(part);
    if (this.#excerpt.length < excerptBytes && part.length > 0) {
      this.#excerpt = Buffer.concat([this.#excerpt, part.subarray(0, excerptBytes)]);
    }
  }

  #finish({ status, headers }: AnswerHead, body: Pick<Answer, "bytes" | "excerpt">): void {
    const pending = this.#pending;
    this.#pending = null;
    // What is left of the request would be read as the next one.
    this.#outgoing = null;
    pending?.resolve({ status, headers, ...body });
  }

  #closed(): void {
    this.#socket = null;
    this.#fail("the server closed the connection");
  }

  #fail(reason: string): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(new Error(`127.0.0.1:${this.#port}: ${reason}`));
  }
}

function* pieces(port: number, ask: Ask): Generator<Uint8Array> {
  const { method, path, headers = {}, body, chunked = false } = ask;
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (chunked) lines.push("Transfer-Encoding: chunked");
  else if (method !== "GET") lines.push(`Content-Length: ${body?.size ?? 0}`);
  yield Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
  if (body === undefined) return;
  if (!chunked) {
    yield* bodyPieces(body);
    return;
  }
  for (const piece of bodyPieces(body)) {
    yield Buffer.from(`${piece.length.toString(16)}\r\n`);
    yield piece;
    yield Buffer.from("\r\n");
  }
  yield Buffer.from("0\r\n\r\n");
}

function* bodyPieces({ head, block, size }: Body): Generator<Uint8Array> {
  yield head.subarray(0, size);
  for (let left = size - head.length; left > 0; left -= block.length) {
    yield left < block.length ? block.subarray(0, left) : block;
  }
}

/** `sha256:<hex>` of bodies, one after the other, without holding them. */
export function bodyDigest(...bodies: readonly Body[]): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const body of bodies) for (const piece of bodyPieces(body)) hasher.update(piece);
  return `sha256:${hasher.digest("hex")}`;
}

function parseHead(text: string): AnswerHead {
  const [first = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const chunks = headers.get("transfer-encoding") === "chunked" ? new ChunkedBody() : null;
  const length = Number(headers.get("content-length") ?? 0);
  return { status: Number(first.split(" ")[1]), headers, length, chunks };
}
