// Entry point of a worker that reads stored content: it may wait for the disk as long as the disk likes.
import { readSync } from "node:fs";
import type { ReadReport, ReadRequest } from "./protocol.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<ReadRequest>) => {
  self.postMessage(report(data));
};

function report({ file, at, into }: ReadRequest): ReadReport {
  try {
    let count = 0;
    while (count < into.length) {
      const more = readSync(file, into, count, into.length - count, at + count);
      if (more === 0) break;
      count += more;
    }
    return { kind: "read", count };
  } catch (error) {
    return { kind: "failed", message: String(error) };
  }
}
