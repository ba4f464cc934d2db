// A look at the beginning of a body: what it shows, and that the body stays what it was.
import { describe, expect, test } from "bun:test";
import { peekBody } from "../../src/http/peekBody.ts";

/** A body of chunks that tells what became of it. */
function bodyOf(...texts: readonly string[]) {
  const told = { read: 0, ended: false, released: [] as string[] };
  const chunks = async function* () {
    try {
      for (const text of texts) {
        told.read += 1;
        yield new TextEncoder().encode(text);
      }
    } finally {
      told.ended = true;
    }
  };
  const release = (chunk: Uint8Array) => void told.released.push(Buffer.from(chunk).toString());
  return { told, body: Object.assign(chunks(), { release }) };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  return Array.fromAsync(body, (chunk) => Buffer.from(chunk).toString());
}

describe("peeking at a body", () => {
  test.each([
    ["shorter", ["ab", "c"], "abc"],
    ["as long", ["ab", "cd"], "abcd"],
    ["without a byte", [], ""],
  ])("that is %s returns all of it and keeps the bytes", async (_, texts, whole) => {
    const { body, told } = bodyOf(...texts);

    const peeked = await peekBody(body, 4);

    expect(Buffer.from(peeked.whole ?? "none").toString()).toBe(whole);
    expect(await read(peeked.body)).toEqual(texts);
    expect(told.ended).toBe(true);
  });

  test("that is longer returns null, reads no further, and keeps the bytes", async () => {
    const { body, told } = bodyOf("ab", "cde", "fg", "hi");

    const peeked = await peekBody(body, 4);

    expect(peeked.whole).toBeNull();
    expect(told.read).toBe(2);
    expect(await read(peeked.body)).toEqual(["ab", "cde", "fg", "hi"]);
  });

  test("leaves releasing the memory to the reader", async () => {
    const { body, told } = bodyOf("ab", "cde", "fg");
    const peeked = await peekBody(body, 4);

    for await (const chunk of peeked.body) peeked.body.release?.(chunk);

    expect(told.released).toEqual(["ab", "cde", "fg"]);
  });

  test.each([0, 1, 2, 3])("whose reader stops after %p chunks cancels the body", async (count) => {
    const { body, told } = bodyOf("ab", "cde", "fg", "hi");
    const peeked = await peekBody(body, 4);

    const reader = peeked.body[Symbol.asyncIterator]();
    for (let at = 0; at < count; at += 1) await reader.next();
    await reader.return?.();

    // Who has not begun to read leaves nothing to end.
    expect(told.ended).toBe(count > 0);
  });

  test("that breaks passes the error on", async () => {
    const broken = async function* () {
      yield new Uint8Array(1);
      throw new Error("the client left");
    };
    const error = await peekBody(broken(), 4).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new Error("the client left"));
  });
});
