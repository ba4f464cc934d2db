// The clock and the ids of a running process. Passed in from the entry points: nothing else asks the machine for them.

/** Unix ms. */
export const clock = (): number => Date.now();

/** Lower-case UUIDv7: never the same twice, and it tells when it was made. */
export const newId = (): string => Bun.randomUUIDv7();
