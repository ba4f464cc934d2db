// The server's side of maintenance with nothing to do, and workers made of a few lines: a test adds what it is about.

/** Options of a server's maintenance that orders nothing before its first cleanup. */
export const quiet = {
  store: { data: "", database: null, bucket: null },
  logState: () => ({ bytes: 0, version: "" }),
  uploadTimeoutMs: 1,
  staleMs: 1,
  cleanupEveryMs: 3_600_000,
  audit: { keepMs: 3_600_000, mostEntries: 1_000 },
  multipart: null,
  ageNow: () => 0,
  arriving: () => [],
  schedule: null,
  missed: null,
  clock: () => 0,
  onDue: async () => {},
  onCleanup: async () => {},
  onLost: () => {},
  scrubs: null,
};

/** A worker that runs this JavaScript. */
export const workerOf = (source: string): Worker =>
  new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
