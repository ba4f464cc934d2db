// Entry point of the worker that puts parts together: opens the staged files itself.

import { WriteLatch } from "../../../durability/writeLatch.ts";
import { AssembledFiles } from "./assembledFile.ts";
import { Assembler } from "./assembler.ts";
import type { AssemblyReport, AssemblyRequest } from "./protocol.ts";

declare const self: Worker;

let assembler: Assembler | null = null;
const report = (message: AssemblyReport): void => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<AssemblyRequest>) => {
  if (data.kind === "open") {
    // The server's own latch is what counts.
    const latch = new WriteLatch((reason, cause) =>
      report({ kind: "tripped", reason, message: String(cause) }),
    );
    assembler = new Assembler(new AssembledFiles(data.directory, latch), report);
    return;
  }
  assembler?.take(data);
};
