// Whom the server waits for while it sends, and whom not.
import { expect, test } from "bun:test";
import { longestTimeout, RequestContext } from "../../src/http/requestContext.ts";
import { longAnswer, SlowReaders } from "../../src/http/slowReaders.ts";

/** A client at the other end of an answer. */
class Client {
  /** null once the answer was sent to its end. */
  port: number | null;
  readonly extended: number[] = [];
  readonly context: RequestContext;

  constructor(port: number) {
    this.port = port;
    const connection = {
      timeout: (_: Request, seconds: number) => void this.extended.push(seconds),
      requestIP: () => (this.port === null ? null : { address: "127.0.0.1", port: this.port }),
    };
    this.context = new RequestContext(new Request("http://breadbox/"), connection, "test", 0);
  }
}

test("a client that keeps reading is waited for, and one that stops is cut", async () => {
  const unread = new Map([
    [1001, "000000FF"],
    [1002, "000000FF"],
  ]);
  const readers = new SlowReaders(async () => new Map(unread));
  const [reader, sleeper] = [new Client(1001), new Client(1002)];
  readers.add(reader.context, longAnswer(new Response()));
  readers.add(sleeper.context, longAnswer(new Response()));

  for (const left of ["000000FE", "000000FD", "000000FC"]) {
    await readers.look(5000);
    unread.set(1001, left);
  }

  expect(reader.extended).toEqual([longestTimeout, longestTimeout, longestTimeout]);
  expect(sleeper.extended).toEqual([longestTimeout]);
});

test("an answer that was sent completely is no longer watched", async () => {
  let looks = 0;
  const readers = new SlowReaders(async () => {
    looks += 1;
    return new Map();
  });
  const client = new Client(1001);
  readers.add(client.context, longAnswer(new Response()));

  client.port = null;
  await readers.look(5000);

  expect(looks).toBe(0);
  expect(client.extended).toEqual([]);
});

test("where the system does not report unread bytes, every client has the longest time once", async () => {
  const readers = new SlowReaders(async () => null);
  const client = new Client(1001);
  readers.add(client.context, longAnswer(new Response()));

  await readers.look(5000);
  await readers.look(5000);

  expect(client.extended).toEqual([longestTimeout]);
});

test("a short answer is not watched", async () => {
  let looks = 0;
  const readers = new SlowReaders(async () => {
    looks += 1;
    return new Map();
  });
  const client = new Client(1001);
  readers.add(client.context, new Response());

  await readers.look(5000);

  expect(looks).toBe(0);
});
