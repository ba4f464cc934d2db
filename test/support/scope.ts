// Clean-up that runs whatever happens: tasks in reverse order at the end of a test (`await using`),
// and a last resort for child processes when the test run itself ends early.

type Task = () => void | Promise<void>;

/** A list of clean-up tasks. `await using scope = new Scope()` runs them when the block is left, by return or throw. */
export class Scope implements AsyncDisposable {
  readonly #tasks: Task[] = [];

  /** Registers a task; the last one registered runs first. */
  defer(task: Task): void {
    this.#tasks.push(task);
  }

  /** Runs every task, also when one of them throws.
   *  @throws AggregateError with everything the tasks threw. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const alive = new Set<number>();

process.on("exit", () => {
  for (const pid of alive) signal(pid, "SIGKILL");
});

/** Remembers a child: it is killed at the latest when this process exits. */
export const adopt = (pid: number): void => {
  alive.add(pid);
};

/** Forgets a child that has ended (its number may belong to another process soon). */
export const release = (pid: number): void => {
  alive.delete(pid);
};

/** Sends a signal; a process that is gone already is not an error. @returns whether it was there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
