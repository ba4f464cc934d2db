// Several at a time, and all of them end when one fails.

/** Concurrent work; `stop` ends it. */
export type Task = (stop: AbortSignal) => Promise<void>;

/** Runs tasks concurrently. @throws the first failure, when the others have ended too. */
export async function together(stop: AbortSignal, tasks: readonly Task[]): Promise<void> {
  const group = new AbortController();
  const onStop = (): void => group.abort(stop.reason);
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();
  let failure: { readonly error: unknown } | null = null;
  const watched = tasks.map((task) =>
    task(group.signal).catch((error: unknown) => {
      failure ??= { error };
      group.abort(error);
    }),
  );
  await Promise.all(watched);
  stop.removeEventListener("abort", onStop);
  if (failure !== null) throw failureOf(failure);
}

const failureOf = ({ error }: { readonly error: unknown }): unknown => error;

/** A task a worker: each takes the next item when it is done with the last one. */
export function workers<T>(
  count: number,
  items: readonly T[],
  work: (item: T, stop: AbortSignal) => Promise<void>,
): readonly Task[] {
  let next = 0;
  const worker: Task = async (stop) => {
    for (let at = next++; at < items.length; at = next++) {
      stop.throwIfAborted();
      const item = items[at];
      if (item !== undefined) await work(item, stop);
    }
  };
  return Array.from({ length: Math.min(count, items.length) }, () => worker);
}
