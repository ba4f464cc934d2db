// Who deleted something, for the log.
import type { Visit } from "../visit.ts";

/** What each line of the log about a deletion has. */
export function deletionOf(visit: Visit) {
  return { requestId: visit.requestId, deletedBy: null, address: () => visit.address() };
}
