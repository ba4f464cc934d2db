// The garbage collection at a person's command: beside a running server or without one, remembered like every other run.
import type { Metadata } from "../metadata/metadata.ts";
import type { Storage } from "../storage/storage.ts";
import type { GcDeps, GcListener, GcRequest } from "./gcRun.ts";
import { ownerOfRun, type RecordedGc, type RecordedGcDeps, runGc, tidyRuns } from "./recordedGc.ts";

/** What a command works with. */
export interface CommandGcDeps extends Pick<GcDeps, "clock" | "readUptime" | "rest"> {
  readonly metadata: Pick<Metadata, "collection" | "gcRuns" | "untagged">;
  readonly storage: Storage;
  /** UUIDv7. */
  readonly newId: () => string;
  /** This process's name among those that share the store. */
  readonly self: string;
  /** False only when the process of that name is certainly gone. */
  readonly isProcessAlive: (name: string, self: string) => boolean;
  readonly settings: {
    /** The longest lease, and how old content must be unless the command says otherwise; ms. */
    readonly minAgeMs: number;
    /** The longest that an open upload is kept, in ms. */
    readonly uploadsMs: number;
    /** Above this share a person must agree; 0 is never. */
    readonly brakeShare: number;
    /** Untagged manifests that were pushed longer ago go first, in ms; null: they stay. */
    readonly untaggedOlderThanMs: number | null;
  };
}

/** What a person asks for. */
export interface GcCommand extends Pick<GcRequest, "dryRun"> {
  /** null: as it is set. */
  readonly minAgeMs: number | null;
  /** Untagged manifests that were pushed longer ago are deleted first, in ms; null: as it is set. */
  readonly untaggedOlderThanMs: number | null;
  /** Asked before more than the brake's share is deleted; null: there is nobody to ask, and the brake holds. */
  readonly confirm: NonNullable<GcDeps["confirm"]> | null;
}

/** What a person is told. */
export type CommandedGc = Pick<RecordedGc, "outcome" | "untagged">;

/** One run. A dry run changes nothing, so that nothing remembers it. */
export async function collectByCommand(
  deps: CommandGcDeps,
  { dryRun, minAgeMs, untaggedOlderThanMs, confirm }: GcCommand,
  listener: GcListener,
): Promise<CommandedGc> {
  const { metadata, clock, settings, newId, self } = deps;
  const { brakeShare } = settings;
  const id = newId();
  const trigger = "command";
  const request = { trigger, dryRun, brakeShare, minAgeMs: minAgeMs ?? settings.minAgeMs } as const;
  const gc: RecordedGcDeps = {
    ...deps,
    metadata: metadata.collection,
    runs: dryRun ? forgetful : metadata.gcRuns,
    untagged: metadata.untagged,
    leaseMs: settings.minAgeMs,
    uploadsMs: settings.uploadsMs,
    owner: ownerOfRun(self, id),
    isAlive: (name) => deps.isProcessAlive(name, self),
    ...(confirm === null ? {} : { confirm }),
  };
  if (!dryRun) {
    await tidyRuns({ runs: metadata.gcRuns, clock, isAlive: gc.isAlive }, noneKnown);
    await metadata.gcRuns.beginRun({ id, trigger, dryRun, startedAt: clock() });
  }
  const order = {
    id,
    request,
    untaggedOlderThanMs: untaggedOlderThanMs ?? settings.untaggedOlderThanMs,
  };
  return runGc(gc, order, listener);
}

const noneKnown = { alive: null, over: null };
const forgetful: RecordedGcDeps["runs"] = { endRun: async () => null };
