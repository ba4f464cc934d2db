// A client that asks and then does something else for a while, as one that unpacks what it has does.

/** What to ask for. */
export interface LateRead {
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly range?: string;
}

/** Reads nothing for `seconds`, then all there is. @returns how many bytes came, head included, until the connection ended. */
export async function readLate({ port, path, range }: LateRead, seconds: number): Promise<number> {
  const over = Promise.withResolvers<void>();
  let bytes = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, chunk) => {
        bytes += chunk.length;
      },
      close: () => over.resolve(),
      error: () => over.resolve(),
    },
  });
  socket.pause();
  const ranged = range === undefined ? "" : `Range: bytes=${range}\r\n`;
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${ranged}\r\n`;
  socket.write(head);
  await Bun.sleep(seconds * 1000);
  socket.resume();
  await over.promise;
  return bytes;
}
