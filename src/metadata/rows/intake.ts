// The half of the port that imports write with.
import type { IntakeMetadata } from "../intake.ts";
import { putManifest } from "./manifestPut.ts";
import type { Body, Rows } from "./rows.ts";
import { finishUpload } from "./uploads.ts";

/** Builds it. Bodies check before they write, so that a refused one has written nothing. */
export function intakeMetadata(rows: Rows): IntakeMetadata {
  return {
    finishUploads: (finishes) =>
      rows.write(
        (tx) => each(finishes, (finish) => finishUpload(tx, finish)),
        (outcomes) => outcomes.some(({ kind }) => kind === "finished"),
      ),
    putManifests: (puts) =>
      rows.write(
        (tx) => each(puts, (put) => putManifest(tx, put)),
        (outcomes) => outcomes.some(({ kind }) => kind === "stored"),
      ),
  };
}

function* each<I, O>(items: readonly I[], body: (item: I) => Body<O>): Body<readonly O[]> {
  const outcomes: O[] = [];
  for (const item of items) outcomes.push(yield* body(item));
  return outcomes;
}
