// HEAD requests as fast as they are answered. wrk waits for the body that a HEAD's Content-Length announces.
import { quantile } from "./prober.ts";
import type { RequestRate } from "./wrk.ts";

const endOfHead = Buffer.from("\r\n\r\n");
const success = "HTTP/1.1 200";

/** One connection's question, and what came of it. */
interface Lane {
  readonly times: number[];
  asked: number;
  received: Buffer;
}

/** Asks `HEAD path` on `connections` at once. @throws Error on any answer but 200. */
export async function headRequests(
  { port, path, accept }: { readonly port: number; readonly path: string; readonly accept: string },
  connections: number,
  seconds: number,
): Promise<RequestRate> {
  const request = `HEAD ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${accept}\r\n\r\n`;
  const ended = Promise.withResolvers<void>();
  const lanes: Lane[] = [];
  let running = true;
  const ask = (socket: Bun.Socket<Lane>): void => {
    socket.data.asked = performance.now();
    socket.write(request);
  };
  const receive = (socket: Bun.Socket<Lane>, chunk: Buffer): void => {
    const lane = socket.data;
    lane.received = lane.received.length === 0 ? chunk : Buffer.concat([lane.received, chunk]);
    if (!lane.received.includes(endOfHead)) return;
    const status = lane.received.toString("latin1", 0, success.length);
    if (status !== success) ended.reject(new Error(`HEAD ${path}: ${status}`));
    lane.times.push(performance.now() - lane.asked);
    lane.received = Buffer.alloc(0);
    if (running) ask(socket);
    else socket.end();
  };
  const started = performance.now();
  for (let n = 0; n < connections; n += 1) {
    const lane: Lane = { times: [], asked: 0, received: Buffer.alloc(0) };
    lanes.push(lane);
    await Bun.connect<Lane>({
      hostname: "127.0.0.1",
      port,
      data: lane,
      socket: { open: ask, data: receive },
    });
  }
  const timer = setTimeout(ended.resolve, seconds * 1000);
  await ended.promise.finally(() => {
    running = false;
    clearTimeout(timer);
  });
  const times = lanes.flatMap((lane) => lane.times).sort((a, b) => a - b);
  const perSecond = times.length / ((performance.now() - started) / 1000);
  return { perSecond, p99Ms: quantile(times, 0.99), requests: times.length };
}
