// What a clock that is kept right moves by. Pure, no I/O.

/** Clocks that are steered move by less between two looks; ms. */
export const steeredMs = 60_000;

/** True for a time in the future that no steering explains: the clock was ahead, or has been set back since. Unix ms. */
export const isAhead = (time: number, now: number): boolean => time - now > steeredMs;
