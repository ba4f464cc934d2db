// Named pipes whose reader the test plays, or is slow to play.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { run, tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** Both ends of a named pipe. */
export interface NamedPipe {
  /** For the process that writes. */
  readonly writer: number;
  /** @returns what waits in the pipe, at most 64 KiB; empty when nothing does. */
  read(): string;
  /** Nobody reads it any more. */
  closeReader(): void;
}

/** Makes a pipe that is read only when the test reads. */
export async function openPipe(scope: Scope): Promise<NamedPipe> {
  const path = join(tempFolder(scope, "pipe"), "pipe");
  await run(["mkfifo", path]);
  let reader: number | null = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const buffer = Buffer.alloc(65_536);
  const closeReader = () => {
    if (reader !== null) closeSync(reader);
    reader = null;
  };
  scope.defer(() => {
    closeReader();
    closeSync(writer);
  });
  return { writer, closeReader, read: () => readWhatWaits(reader, buffer) };
}

function readWhatWaits(reader: number | null, buffer: Buffer): string {
  if (reader === null) return "";
  try {
    return buffer.toString("latin1", 0, readSync(reader, buffer));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return "";
    throw error;
  }
}
