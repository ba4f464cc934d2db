// Backups of a race: made by the command while everybody works, and pruned. One now and then is restored elsewhere, and has to hold
// what had been answered before it began, whole.
import { Database } from "bun:sqlite";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { breadboxBinary } from "../../support/binary.ts";
import { type Finished, run } from "../../support/processes.ts";
import { fsckComplaint, incomplete, objectRows } from "../aftermath.ts";
import type { Ledger } from "./ledger.ts";

/** What backups need. */
export interface BackupsDeps {
  readonly ledger: Ledger;
  /** The data directory that is backed up. */
  readonly data: string;
  /** An empty folder for the target, and for what is restored. */
  readonly folder: string;
  /** Settings of the server, which commands need as well. */
  readonly env: Readonly<Record<string, string>>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Rest after each of them, in ms. */
  readonly pauseMs: number;
}

const longestPauseMs = 15_000;
/** A machine that does other things may take minutes for a backup. */
const timeoutMs = 600_000;
/** Of so many backups the first two are restored, and of so many the target is checked once. */
const [restoredEvery, verifiedEvery] = [6, 4];
/** All are of one day, unless the clock was set: most go. */
const keep = "2d,1w";

/** Makes backups until `isOver`. */
export async function backUpUntil(deps: BackupsDeps, isOver: () => boolean): Promise<void> {
  const { counts } = deps.ledger;
  for (let number = 0; !isOver(); number += 1) {
    const mustHold = holding(deps.ledger);
    const isMade = await succeeds(deps, "backup", [
      target(deps),
      "--data",
      deps.data,
      "--keep",
      keep,
    ]);
    if (isMade) {
      counts.backups += 1;
      if (number % restoredEvery < 2) await restore(deps, mustHold());
      if (number % verifiedEvery === 2) await succeeds(deps, "backup", ["verify", target(deps)]);
    }
    const until = performance.now() + deps.pauseMs + deps.random() * longestPauseMs;
    while (!isOver() && performance.now() < until) await Bun.sleep(100);
  }
}

const target = ({ folder }: BackupsDeps): string => join(folder, "backups");

/** Tells, later, what nobody has changed since now. */
function holding({ live, objects }: Ledger) {
  const images = [...live].filter(({ doomed }) => !doomed);
  const watched = [...objects].map((object) => ({ object, states: object.watch() }));
  return () => ({
    images: images.filter((image) => live.has(image) && !image.doomed),
    objects: watched.flatMap(({ object: { bucket, name }, states }) => {
      const [digest = null, ...others] = states();
      return digest === null || others.length > 0 ? [] : [`${bucket} ${name} ${digest}`];
    }),
  });
}

type Held = ReturnType<ReturnType<typeof holding>>;

/** Restores the latest backup, and looks whether all of it is there. */
async function restore(deps: BackupsDeps, { images, objects }: Held): Promise<void> {
  const { ledger, folder, env } = deps;
  const data = join(folder, "restored");
  if (await succeeds(deps, "restore", [target(deps), "--data", data, "--verify"])) {
    ledger.counts.restores += 1;
    for (const each of await incomplete(data, images))
      ledger.note("lost", `a backup lacks ${each}`);
    const restored = objectsIn(data);
    for (const object of objects) {
      if (!restored.has(object)) ledger.note("lost", `a backup lacks the object ${object}`);
    }
    const complaint = await fsckComplaint(data, env, timeoutMs);
    if (complaint !== null) ledger.note("others", `fsck of a restored backup: ${complaint}`);
  }
  await rm(data, { recursive: true, force: true });
}

/** As `<bucket> <name> <digest>`. */
function objectsIn(data: string): ReadonlySet<string> {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    return new Set(
      database
        .query(objectRows)
        .values()
        .map((row) => row.join(" ")),
    );
  } finally {
    database.close();
  }
}

/** Runs a command, and notes a failure. */
async function succeeds(
  { ledger, env }: BackupsDeps,
  command: string,
  given: readonly string[],
): Promise<boolean> {
  const { code, output }: Finished = await run([await breadboxBinary(), command, ...given], {
    ...{ env, timeoutMs, mayFail: true },
  });
  if (code !== 0) ledger.note("others", `${command} ${given[0]}: ${code} ${output}`);
  return code === 0;
}
