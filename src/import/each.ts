// Many things, a few at the same time.

/** Runs `use` for each thing, `atOnce` of them at the same time. @returns what came of each, in the same order. */
export async function each<T, R>(
  things: readonly T[],
  atOnce: number,
  use: (thing: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = things.entries();
  const work = async (): Promise<void> => {
    for (const [at, thing] of entries) results[at] = await use(thing);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, things.length) }, work));
  return results;
}
