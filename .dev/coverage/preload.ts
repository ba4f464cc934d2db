// Before everything in each process and each thread that runs the sources: they count, and so do the workers and programs that they start.
import { plugin } from "bun";
import { folder } from "./folder.ts";
import { instrumented } from "./plugin.ts";

plugin(instrumented);
await import(`${folder}/opener.ts`);

const Plain = globalThis.Worker;
globalThis.Worker = class extends Plain {
  constructor(url: string | URL, options: WorkerOptions = {}) {
    super(url, { ...options, preload: [import.meta.path] });
  }
};

// A child gets its own environment and folder from whoever starts it: the program itself carries this file along.
process.execPath = `${folder}/bun`;
