// Writing in blocks, past the page cache: wherever the writing begins and ends, the file has the bytes.
import { ptr } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { Blocks, BlockWriter } from "../../src/storage/filesystem/assembly/blockWriter.ts";
import { randomBytes } from "../support/bytes.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const mebibyte = 1_048_576;
const blocks = new Blocks();

/** Writes `bytes` from `offset` on, in pieces of at most `piece` bytes. */
async function write(writer: BlockWriter, bytes: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const space = await writer.space();
    const count = Math.min(space.length, piece, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    writer.take(count);
    at += count;
  }
  await writer.settle();
}

function readBack(path: string, offset: number, size: number): Uint8Array {
  const file = openSync(path, "r");
  const bytes = new Uint8Array(size);
  readSync(file, bytes, 0, size, offset);
  closeSync(file);
  return bytes;
}

function openTarget(scope: Scope, flags = "w+") {
  const path = join(tempFolder(scope, "blocks"), "whole");
  const file = openSync(path, flags);
  scope.defer(() => closeSync(file));
  return { path, file, latch: new WriteLatch(() => {}) };
}

describe("a block writer", () => {
  const bytes = randomBytes("blocks", 13 * mebibyte);

  test("has memory that direct writes accept: it begins at a page", () => {
    expect(blocks.free.map((block) => ptr(block) % 4096)).toEqual([0, 0, 0, 0]);
  });

  test.each([
    ["at the beginning of a file", 0],
    ["behind what is written past the page cache, at no boundary", 64 * mebibyte + 5],
    ["before it, and on beyond", 62 * mebibyte + 4097],
    ["at a boundary of blocks", 128 * mebibyte],
  ])("that begins %s writes what it took, all of it", async (_, offset) => {
    await using scope = new Scope();
    const target = openTarget(scope);
    const writer = new BlockWriter(target, blocks, offset);

    await write(writer, bytes, 700_001);

    expect([writer.taken, writer.pending]).toEqual([bytes.length, 0]);
    expect(statSync(target.path).size).toBe(offset + bytes.length);
    expect(Bun.hash(readBack(target.path, offset, bytes.length))).toBe(Bun.hash(bytes));
  });

  test("continues where another one ended, whatever was written in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 * mebibyte }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 63 * mebibyte, 64 * mebibyte, 65 * mebibyte + 4096),
        async (sizes, start) => {
          await using scope = new Scope();
          const target = openTarget(scope);
          let at = 0;
          for (const size of sizes) {
            const part = bytes.subarray(at % mebibyte, (at % mebibyte) + size);
            await write(new BlockWriter(target, blocks, start + at), part, 1_000_003);
            expect(Bun.hash(readBack(target.path, start + at, size))).toBe(Bun.hash(part));
            at += size;
          }
          expect(statSync(target.path, { throwIfNoEntry: true }).size).toBe(
            at === 0 ? 0 : start + at,
          );
        },
      ),
      { numRuns: 15 },
    );
  });

  test("reports a failed write, and leaves none of it unfinished", async () => {
    await using scope = new Scope();
    const { path, latch } = openTarget(scope);
    const file = openSync(path, "r");
    scope.defer(() => closeSync(file));
    const writer = new BlockWriter({ path, file, latch }, blocks, 0);

    const error = await write(writer, bytes, mebibyte).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Error);
    expect(await writer.settle().catch((thrown: unknown) => thrown)).toBe(error);
    expect(writer.pending).toBe(0);
    expect(statSync(path).size).toBe(0);
  });
});
