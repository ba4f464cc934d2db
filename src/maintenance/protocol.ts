// Messages between the server and the maintenance worker. Each end switches on `kind`.
import type { Dropped } from "./sweep.ts";

/** What the worker is to look after. Times in ms. */
export interface Duties {
  /** The data directory. */
  readonly directory: string;
  /** The database file whose log is to be kept short. */
  readonly database: string;
  /** How long an upload session may be without a byte. */
  readonly uploadTimeoutMs: number;
  /** How often upload sessions are looked through. */
  readonly cleanupEveryMs: number;
}

/** Server → worker. */
export type MaintenanceRequest =
  /** Once, first. */
  | { readonly kind: "open"; readonly duties: Duties }
  /** A sync failed: from now on nothing may be moved or written. */
  | { readonly kind: "halt" };

/** Worker → server. */
export type MaintenanceReport =
  | {
      readonly kind: "checkpointed";
      /** Pages the log held, and how many of them are in the database now. */
      readonly logPages: number;
      readonly checkpointedPages: number;
      readonly durationMs: number;
    }
  /** One upload session, or what was left of one, is gone. */
  | { readonly kind: "dropped"; readonly upload: Dropped }
  /** A sweep of upload sessions has ended. */
  | { readonly kind: "swept"; readonly dropped: number; readonly durationMs: number }
  /** A sync failed in the worker: the store must turn read-only. */
  | { readonly kind: "latched"; readonly reason: string }
  | { readonly kind: "failed"; readonly what: string; readonly message: string };
