// The client of a deletion, for the log.
import type { RequestContext } from "../requestContext.ts";

/** The fields of every log line about a deletion. */
export function deletionOf(context: RequestContext) {
  return { requestId: context.requestId, deletedBy: null, address: () => context.address() };
}
