// Preloaded into a server: at SIGUSR2 its main thread and its workers collect all garbage, and what their heaps hold then is written to the
// file that BREADBOX_TEST_HEAP names.
import { heapStats } from "bun:jsc";
import { renameSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const path = process.env["BREADBOX_TEST_HEAP"];
/** As long as workers have to collect theirs; one that works does not hear of it in that time. */
const patienceMs = 500;
const channel = new BroadcastChannel("heap");
channel.unref();

function collect(): number {
  // What is freed in one pass lets go of more in the next.
  for (let pass = 0; pass < 3; pass += 1) Bun.gc(true);
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

function lookAtAll(to: string): void {
  const workerBytes: number[] = [];
  channel.onmessage = ({ data }) => void workerBytes.push(Number(data));
  channel.postMessage("collect");
  setTimeout(() => {
    const heapBytes = collect();
    const { objectCount, objectTypeCounts } = heapStats();
    const look = { objectCount, objectTypeCounts, heapBytes, workerBytes };
    writeFileSync(`${to}.new`, JSON.stringify(look));
    renameSync(`${to}.new`, to);
  }, patienceMs);
}

if (!isMainThread) {
  // Workers hear each other's answers as well.
  channel.onmessage = ({ data }) => {
    if (data === "collect") channel.postMessage(collect());
  };
} else if (path !== undefined) {
  globalThis.Worker = class extends Worker {
    constructor(entry: string | URL, options: WorkerOptions = {}) {
      super(entry, { ...options, preload: [import.meta.path] });
    }
  };
  process.on("SIGUSR2", () => lookAtAll(path));
}
