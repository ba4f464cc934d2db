// Requests whose connection is reset in the middle: of the head, of the body, of the answer.
import { connect } from "node:net";
import { administrator } from "../gc/race/accounts.ts";
import { large } from "./kinds.ts";
import { type GrowingServer, uploadIdIn } from "./server.ts";

const [sent, promised] = [100_000, 300_000];
/** As long as the server is left with the beginning of a request. */
const patienceMs = 20;
const octets = "Content-Type: application/octet-stream\r\n";
const blobs = "/v2/team/app/blobs";

interface Cut {
  readonly port: number;
  /** Method and path. */
  readonly line: string;
  readonly headers?: string;
  /** Bytes of a body. */
  readonly bytes?: number;
  /** Waits until something of the answer is there. */
  readonly isAnswered?: boolean;
}

/** Sends it, and resets the connection. */
function cut({ port, line, headers = "", bytes = 0, isAnswered = false }: Cut): Promise<void> {
  const over = Promise.withResolvers<void>();
  const socket = connect({ host: "127.0.0.1", port });
  const reset = (): void => void socket.resetAndDestroy();
  socket.on("error", () => {});
  socket.on("close", () => over.resolve());
  socket.on("connect", () => {
    const host = `Host: 127.0.0.1:${port}\r\nAuthorization: ${administrator}\r\n`;
    socket.write(`${line} HTTP/1.1\r\n${host}${headers}`);
    if (bytes > 0) socket.write(new Uint8Array(bytes));
    if (!isAnswered) setTimeout(reset, patienceMs);
  });
  if (isAnswered) socket.once("data", reset);
  return over.promise;
}

const length = `Content-Length: ${promised}\r\n`;
type Act = (server: GrowingServer, at: number) => Promise<unknown>;

/** All of them. What they leave behind expires. */
export const cutKinds: Readonly<Record<string, Act>> = {
  "half a head": ({ port }) => cut({ port, line: "GET /v2/team/app/tags/list" }),
  "half a chunk": async ({ port, send }) => {
    const { headers } = await send(202, "POST", `${blobs}/uploads/`);
    const line = `PATCH ${headers.get("location")}`;
    await cut({ port, line, headers: `${octets}${length}\r\n`, bytes: sent });
  },
  "half a blob in one request": ({ port }) => {
    const line = `POST ${blobs}/uploads/?digest=sha256:${"0".repeat(64)}`;
    return cut({ port, line, headers: `${octets}${length}\r\n`, bytes: sent });
  },
  "half a manifest": ({ port }) => {
    const line = "PUT /v2/team/app/manifests/cut";
    return cut({ port, line, headers: `${length}\r\n`, bytes: 1_000 });
  },
  "half an object": ({ port }, at) => {
    const line = `PUT /v1/buckets/growth/objects/cut-${at}`;
    return cut({ port, line, headers: `${octets}${length}\r\n`, bytes: sent });
  },
  "half a part": async ({ port, send }, at) => {
    const uploads = "/v1/buckets/growth/multipart-uploads";
    const body = JSON.stringify({ object: `cut-${at % 20}` });
    const { text } = await send(201, "POST", uploads, { body });
    const line = `PUT ${uploads}/${uploadIdIn(text)}/parts/1`;
    await cut({ port, line, headers: `${octets}${length}\r\n`, bytes: sent });
  },
  "a blob that is not read": ({ port }) =>
    cut({ port, line: `GET ${blobs}/${large}`, headers: "\r\n", isAnswered: true }),
  "an answer that nobody waits for": ({ port }, at) =>
    cut({ port, line: `GET /v2/team/app/manifests/tag-${at % 50}`, headers: "\r\n" }),
  "news of the server": ({ port }) =>
    cut({ port, line: "GET /v1/events", headers: "\r\n", isAnswered: true }),
};
