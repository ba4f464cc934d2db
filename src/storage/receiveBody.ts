// A body as it comes, read to its end into one staged file.
import type { StagedWriter } from "./stagedWriter.ts";
import type { Body } from "./storage.ts";

/** What is done with a body that does not come whole. */
export interface BodyEnds {
  /** True when what arrived of a body that broke counts, and is made durable. */
  readonly keepsCut: boolean;
  /** Gives the disk's space back; must not throw. */
  readonly giveBack: () => Promise<void>;
}

/** @returns why the body broke, or null. @throws what `writer` throws; then the space was given back before. */
export async function receiveBody(
  body: Body,
  writer: StagedWriter,
  ends: BodyEnds,
): Promise<Error | null> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch(brokenBy);
      if (next.done) {
        const cut = next.value instanceof Error ? next.value : null;
        if (cut === null || ends.keepsCut) await writer.finish();
        else await writer.settle();
        return cut;
      }
      const full = writer.push(next.value);
      if (full !== null) await full;
    }
  } catch (error) {
    // Nothing of this request was acknowledged: give its space back before anyone is told.
    await writer.settle();
    await ends.giveBack();
    await chunks.return?.(undefined).catch(() => {});
    throw error;
  }
}

/** The end of a body that broke: its value says why. */
function brokenBy(error: unknown): IteratorReturnResult<Error> {
  return { done: true, value: error instanceof Error ? error : new Error(String(error)) };
}
