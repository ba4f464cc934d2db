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

/** A clock that begins early in a minute, and is at the end of it once everything is ready for a schedule of every minute.
 *  Its step is one that a server takes for steering. */
export function minuteClock(scope: Scope) {
  const { set, env } = fakeClock(scope);
  let ahead = 0;
  const showSecond = (second: number): void => {
    ahead += second - new Date(Date.now() + ahead * 1_000).getSeconds();
    set(`${ahead < 0 ? "" : "+"}${ahead}s`);
  };
  showSecond(2);
  return { env, endMinute: () => showSecond(57) };
}
