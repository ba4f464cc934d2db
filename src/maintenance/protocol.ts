// Messages between the server and the maintenance worker. Each end switches on `kind`.

/** Server → worker. */
export type MaintenanceRequest =
  /** Once, first: the database file whose log is to be kept short. */
  | { readonly kind: "open"; readonly database: string }
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
  | { readonly kind: "failed"; readonly what: string; readonly message: string };
