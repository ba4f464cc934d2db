// The bench's end of the load client: starts load.ts in a process of its own and hands it one job at a time.
import { join } from "node:path";
import { adopt, release, type Scope } from "../support/scope.ts";
import type { Job, JobResult } from "./load.ts";

/** A running load client. */
export interface LoadClient {
  /** @throws Error with the client's words when the job fails. */
  perform(job: Job): Promise<JobResult>;
}

/** Starts the load client; it ends with the scope. */
export function startLoadClient(scope: Scope): LoadClient {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "load.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  adopt(child.pid);
  const lines = readLines(child.stdout);
  scope.defer(async () => {
    child.kill();
    await child.exited;
    release(child.pid);
  });
  return {
    perform: async (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      await child.stdin.flush();
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the load client ended early");
      const result: JobResult = JSON.parse(value);
      if (result.failure !== undefined) throw new Error(result.failure);
      return result;
    },
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}
