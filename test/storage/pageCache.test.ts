// What of a file is in memory, told in both ways that the system has.

import { dlopen } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  countedInMemory,
  sampledInMemory,
} from "../../src/storage/filesystem/reading/pageCache.ts";
import { randomBytes } from "../support/bytes.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const size = 3_000_001;

test.if(process.platform === "linux")(
  "bytes that left memory are told from those in it",
  async () => {
    await using scope = new Scope();
    const file = openSync(join(tempFolder(scope, "pages"), "file"), "w+");
    scope.defer(() => closeSync(file));
    writeSync(file, randomBytes("pages", size));
    fsyncSync(file);
    const { symbols } = dlopen("libc.so.6", {
      posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" },
    });
    const look = () => [
      sampledInMemory(file, 5000, size),
      countedInMemory(file, 5000, size) ?? "?",
    ];

    const written = look();
    symbols.posix_fadvise(file, 0n, 0n, 4);
    const forgotten = look();

    expect(written).toEqual([true, written[1] === "?" ? "?" : true]);
    expect(forgotten).toEqual([false, forgotten[1] === "?" ? "?" : false]);
  },
);
