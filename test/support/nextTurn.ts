/** Resolves in the next turn of the event loop: a request that arrives from then on is a later one. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
