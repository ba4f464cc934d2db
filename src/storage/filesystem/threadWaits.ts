// How often a thread waited for something: tells a slow disk from a core that others took.
import { loadLibC } from "./libc.ts";

/** `RUSAGE_THREAD`. */
const ofThread = 1;
/** Index of `ru_nvcsw`, behind two times of two numbers each and twelve numbers. */
const voluntary = 16;
const usage = new BigInt64Array(18);

/** @returns how often the calling thread has given up its core to wait; NaN where the kernel does not say. */
export function threadWaits(): number {
  if (loadLibC()?.getrusage(ofThread, usage) !== 0) return Number.NaN;
  return Number(usage[voluntary]);
}
