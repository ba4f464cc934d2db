// Preloaded into a server that runs from its sources: at SIGUSR2 its main thread collects all garbage, and what its heap holds then is
// written to the file that BREADBOX_TEST_HEAP names.
import { heapStats } from "bun:jsc";
import { renameSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const path = process.env["BREADBOX_TEST_HEAP"];

if (isMainThread && path !== undefined) {
  process.on("SIGUSR2", () => {
    // What is freed in one pass lets go of more in the next.
    for (let pass = 0; pass < 3; pass += 1) Bun.gc(true);
    const { objectCount, objectTypeCounts } = heapStats();
    writeFileSync(`${path}.new`, JSON.stringify({ objectCount, objectTypeCounts }));
    renameSync(`${path}.new`, path);
  });
}
