// Metrics of space: what is stored, and what is left.
import { Gauge, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Stored content when it was last counted. */
export interface StoredTotals {
  /** Blobs of images and bytes of objects, each once. */
  readonly contents: number;
  /** Their bytes. */
  readonly bytes: number;
  readonly manifests: number;
  readonly objects: number;
}

/** Sources of the gauges, called when they are read. */
export interface SpaceSources {
  /** Bytes free and in all of the disk that holds the data directory; null for a bucket. */
  readonly readSpace: () => Promise<{ readonly free: number; readonly total: number } | null>;
}

/** Bytes of what is unfinished. */
interface UnfinishedSources {
  countUploads(): Promise<{ readonly bytes: number }>;
  countMultipart(): Promise<{ readonly bytes: number }>;
}

const unknown = Number.NaN;
const nothingKnown = { contents: unknown, manifests: unknown, objects: unknown };

/** `breadbox_stored_bytes`, `breadbox_stored`, `breadbox_disk_free_bytes` and `breadbox_disk_size_bytes`. */
export class SpaceMetrics {
  /** Counting takes long where there is much: it is not done for a reading. */
  #stored: StoredTotals | null = null;

  constructor(
    registry: Registry,
    { readSpace, countUploads, countMultipart }: SpaceSources & UnfinishedSources,
  ) {
    const stored = () => this.#stored;
    addStored(registry, stored);
    new Gauge({
      name: "breadbox_stored_bytes",
      help: shared(
        "Stored bytes by kind: content (blobs and objects, each once, as the last cleanup of uploads counted them; NaN before it), uploads and parts (unfinished).",
      ),
      labelNames: ["kind"],
      registers: [registry],
      async collect() {
        this.set({ kind: "content" }, stored()?.bytes ?? unknown);
        this.set({ kind: "uploads" }, await bytesOf(countUploads()));
        this.set({ kind: "parts" }, await bytesOf(countMultipart()));
      },
    });
    addDisk(registry, readSpace);
  }

  /** The store was counted. */
  counted(stored: StoredTotals): void {
    this.#stored = stored;
  }
}

const bytesOf = (count: Promise<{ readonly bytes: number }>): Promise<number> =>
  count.then(
    ({ bytes }) => bytes,
    () => unknown,
  );

function addStored(registry: Registry, stored: () => StoredTotals | null): void {
  new Gauge({
    name: "breadbox_stored",
    help: shared("Number of stored contents, manifests and objects, counted at the same time."),
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      const { contents, manifests, objects } = stored() ?? nothingKnown;
      this.set({ kind: "contents" }, contents);
      this.set({ kind: "manifests" }, manifests);
      this.set({ kind: "objects" }, objects);
    },
  });
}

function addDisk(registry: Registry, readSpace: SpaceSources["readSpace"]): void {
  const gauge = (name: string, help: string, of: "free" | "total") =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set((await readSpace().catch(() => null))?.[of] ?? unknown);
      },
    });
  gauge(
    "breadbox_disk_size_bytes",
    "Size of the disk that holds the data directory; NaN where bytes are in a bucket.",
    "total",
  );
  gauge(
    "breadbox_disk_free_bytes",
    "Bytes that are left on it. Uploads are refused below 2 % of the disk, 64 MiB at most.",
    "free",
  );
}
