// Old entries of the audit trail are deleted, a few at a time: others write meanwhile.
import type { AuditMetadata } from "../metadata/audit.ts";

/** How much of the trail stays. */
export interface AuditLimits {
  /** Age at which an entry is deleted, ms. */
  readonly keepMs: number;
  /** Beyond them the oldest are deleted, whatever their age. */
  readonly mostEntries: number;
}

/** What pruning works with. */
export interface AuditPruneDeps {
  readonly metadata: Pick<AuditMetadata, "forgetEntries" | "forgetBeyond">;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** Rows in one transaction: a writer waits for a few milliseconds at most. */
const batch = 500;
const restMs = 20;

/** Deletes entries that are too old at `now` (Unix ms; null: ages cannot be judged), then those that are too many. */
export async function pruneAudit(
  { metadata, rest }: AuditPruneDeps,
  { keepMs, mostEntries }: AuditLimits,
  now: number | null,
): Promise<void> {
  const repeat = async (forget: () => Promise<number>): Promise<void> => {
    while ((await forget()) === batch) await rest(restMs);
  };
  if (now !== null) await repeat(() => metadata.forgetEntries(now - keepMs, batch));
  await repeat(() => metadata.forgetBeyond(mostEntries, batch));
}
