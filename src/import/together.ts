// Many small transactions at the price of a few: calls that are made at the same time are handed over as one.
import type { Metadata } from "../metadata/metadata.ts";
import type { ImportStore } from "./run.ts";

/** In one transaction: other writers wait for a few milliseconds at most. */
const most = 128;

/** The same store, whose rows are written many at a time. */
export function writingTogether(
  store: Omit<ImportStore, "metadata"> & {
    readonly metadata: Pick<Metadata, "registry" | "contents" | "uploads" | "intake">;
  },
): ImportStore {
  const { registry, contents, uploads, intake } = store.metadata;
  return {
    ...store,
    metadata: {
      contents,
      registry: { ...registry, putManifest: together(intake.putManifests) },
      uploads: { ...uploads, finishUpload: together(intake.finishUploads) },
    },
  };
}

interface Call<I, O> {
  readonly item: I;
  readonly resolve: (outcome: O) => void;
  readonly reject: (reason: unknown) => void;
}

/** @param run answers each item, in order. @returns one call for one item. */
function together<I, O>(
  run: (items: readonly I[]) => Promise<readonly O[]>,
): (item: I) => Promise<O> {
  let calls: Call<I, O>[] = [];
  const send = async (): Promise<void> => {
    const sent = calls;
    calls = [];
    try {
      const outcomes = await run(sent.map(({ item }) => item));
      for (const [at, outcome] of outcomes.entries()) sent[at]?.resolve(outcome);
    } catch (error) {
      for (const { reject } of sent) reject(error);
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      calls.push({ item, resolve, reject });
      if (calls.length === most) void send();
      else if (calls.length === 1) setImmediate(() => void (calls.length > 0 && send()));
    });
}
