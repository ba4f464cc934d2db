// A wall clock that a test sets while processes run.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** Debian's libfaketime: every process that has `env` shows the time that `set` says, and counts on as the machine does. */
export function fakeClock(scope: Scope) {
  const file = join(tempFolder(scope, "clock"), "offset");
  const set = (offset: string): void => writeFileSync(file, offset);
  set("+0");
  const library = "faketime/libfaketimeMT.so.1";
  const folder = readdirSync("/usr/lib").find((name) => name.endsWith("-linux-gnu")) ?? "";
  const env = {
    LD_PRELOAD: join("/usr/lib", folder, library),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return { set, env };
}
