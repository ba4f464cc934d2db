// A server that throws away what it gets: how fast the load client is when nobody holds it up.
import type { LoadClient } from "./loadClient.ts";

/** Sends 1 GiB to a sink. @returns the best of three, in MiB/s. */
export async function measureSink(client: LoadClient): Promise<number> {
  const size = 2 ** 30;
  const sink = Bun.listen<{ received: number; head: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { received: 0, head: true };
      },
      data: (socket, chunk) => {
        // The request's head arrives first and ends within the first chunk.
        const start = socket.data.head ? chunk.indexOf("\r\n\r\n") + 4 : 0;
        socket.data.head = false;
        socket.data.received += chunk.length - start;
        if (socket.data.received >= size) {
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
      },
    },
  });
  const rates: number[] = [];
  for (let round = 0; round < 3; round++) {
    const { ms } = await client.perform({ kind: "sink", port: sink.port, size });
    rates.push(size / 2 ** 20 / (ms / 1000));
  }
  sink.stop(true);
  return Math.max(...rates);
}
