// One request on a connection of its own that stalls wherever the test wants it to, and breaks when the test says so.
import { connect, type Socket } from "node:net";
import { request } from "./rawHttp.ts";

/** A request that is under way. */
export class StalledLine {
  readonly #socket: Socket;
  readonly #answer: Promise<number | null>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#answer = promise;
    let received = "";
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(received)?.[1];
      if (status !== undefined) resolve(Number(status));
    });
    socket.on("error", () => resolve(null));
    socket.on("close", () => resolve(null));
  }

  /** Connects to 127.0.0.1 and sends the head. @param headers with the one that says how the body ends. */
  static async open(
    port: number,
    line: string,
    headers: readonly (readonly [string, string])[],
  ): Promise<StalledLine> {
    const socket = connect({ host: "127.0.0.1", port });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const stalled = new StalledLine(socket);
    socket.write(request(line, headers));
    return stalled;
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** The status of the answer; null when the connection ended without one. */
  answer(): Promise<number | null> {
    return this.#answer;
  }

  /** The line breaks. */
  break(): void {
    this.#socket.destroy();
  }
}
