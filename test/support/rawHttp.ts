// HTTP/1.1 over a plain socket, for requests that a client library would tidy up. Bytes go out as given; answers are parsed.
import { connect, type Socket } from "node:net";

/** One answer of the server. Header names in lower case; values of a repeated header are joined by ", ". */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** How to talk. */
export interface TalkOptions {
  /** Answers to wait for; interim ones (1xx) do not count. */
  readonly answers?: number;
  /** True when the answers have no body, whatever their headers say. */
  readonly head?: boolean;
  /** Ends our side of the connection after the last byte. */
  readonly halfClose?: boolean;
  /** Ends our side of the connection when the answers are not there after so long: for requests that may lack their end. */
  readonly endAfterMs?: number;
  /** Waits until the server closes, instead of for a number of answers. */
  readonly untilClose?: boolean;
}

/** What a connection brought. */
export interface Talk {
  readonly answers: readonly RawAnswer[];
  readonly interim: readonly RawAnswer[];
  /** The server closed the connection before we did. */
  readonly closed: boolean;
}

const giveUpAfterMs = 20_000;

/**
 * Sends `pieces` one after the other on a fresh connection to 127.0.0.1 and collects what comes back, until the number
 * of answers is there or the server closes. @throws Error when neither happens.
 */
export function talk(
  port: number,
  pieces: readonly (string | Uint8Array)[],
  options: TalkOptions = {},
): Promise<Talk> {
  const { answers: wanted = 1, head = false, halfClose = false, untilClose = false } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    let received: Buffer = Buffer.alloc(0);
    const { endAfterMs = giveUpAfterMs } = options;
    const ending = setTimeout(() => socket.end(), endAfterMs);
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      clearTimeout(ending);
      socket.destroy();
      const all = parseAnswers(received, head, closed).answers;
      resolve({
        answers: all.filter(({ status }) => status >= 200),
        interim: all.filter(({ status }) => status < 200),
        closed,
      });
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${giveUpAfterMs} ms; so far: ${received.toString("latin1")}`));
    }, giveUpAfterMs);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const { answers } = parseAnswers(received, head, false);
      if (!untilClose && answers.filter(({ status }) => status >= 200).length >= wanted) {
        finish(false);
      }
    });
    socket.on("end", () => finish(true));
    // A reset after the answer is how a server drops a body nobody will read; before one it is an answerless close.
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
    socket.on("connect", () => void send(socket, pieces, halfClose));
  });
}

async function send(
  socket: Socket,
  pieces: readonly (string | Uint8Array)[],
  halfClose: boolean,
): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    if (!socket.write(bytes)) {
      await new Promise<void>((resolve) => {
        socket.once("drain", resolve);
        socket.once("close", () => resolve());
      });
    }
  }
  if (halfClose && !socket.destroyed) socket.end();
}

const endOfHead = Buffer.from("\r\n\r\n");

/** Every complete answer at the start of `bytes`. An answer without a length is complete when the connection is closed. */
function parseAnswers(
  bytes: Buffer,
  head: boolean,
  closed: boolean,
): { readonly answers: RawAnswer[] } {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf(endOfHead);
    if (end < 0) return { answers };
    const { status, headers } = parseHead(rest.toString("latin1", 0, end));
    const after = rest.subarray(end + endOfHead.length);
    const body = parseBody(after, { status, headers, head, closed });
    if (body === null) return { answers };
    answers.push({ status, headers, body: body.bytes });
    rest = after.subarray(body.used);
  }
}

function parseHead(text: string): { status: number; headers: Map<string, string> } {
  const [first = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { status: Number(first.split(" ")[1]), headers };
}

interface BodyContext {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly head: boolean;
  readonly closed: boolean;
}

function parseBody(
  bytes: Buffer,
  { status, headers, head, closed }: BodyContext,
): { bytes: Buffer; used: number } | null {
  if (head || status < 200 || status === 204 || status === 304) {
    return { bytes: Buffer.alloc(0), used: 0 };
  }
  if (headers.get("transfer-encoding") === "chunked") return parseChunks(bytes);
  const length = headers.get("content-length");
  if (length === undefined) return closed ? { bytes, used: bytes.length } : null;
  const size = Number(length);
  return bytes.length < size ? null : { bytes: bytes.subarray(0, size), used: size };
}

function parseChunks(bytes: Buffer): { bytes: Buffer; used: number } | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const line = bytes.toString("latin1", at, end);
    // The runtime writes its refusal of broken bytes into the middle of an answer; such an answer has no end.
    if (!/^[0-9a-f]+$/i.test(line)) return null;
    const size = Number.parseInt(line, 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return { bytes: Buffer.concat(parts), used: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}

/** The text of a request: start line, headers (Host is added unless one is given) and body with its Content-Length. */
export function request(
  startLine: string,
  headers: readonly (readonly [string, string])[] = [],
  body: string | Uint8Array | null = null,
): Buffer {
  const has = (name: string) => headers.some(([given]) => given.toLowerCase() === name);
  const lines = [startLine.includes(" HTTP/") ? startLine : `${startLine} HTTP/1.1`];
  if (!has("host")) lines.push("Host: localhost");
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const bytes = Buffer.from(body ?? "");
  if (body !== null && !has("content-length") && !has("transfer-encoding")) {
    lines.push(`Content-Length: ${bytes.length}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}
