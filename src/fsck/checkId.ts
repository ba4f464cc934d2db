// The ids of checks and passes of the scrub, which are listed in the order of their ids.
import type { ChecksMetadata } from "../metadata/checks.ts";
import { laterId } from "../model/laterId.ts";

/** The id of a check that begins now. @param newId UUIDv7. */
export async function nextCheckId(
  checks: Pick<ChecksMetadata, "listChecks">,
  newId: () => string,
): Promise<string> {
  const [latest] = await checks.listChecks({ after: null, limit: 1 });
  return laterId(latest?.id ?? null, newId());
}
