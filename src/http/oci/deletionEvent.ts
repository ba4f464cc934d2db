// Who deleted something, for the log.
import type { RequestContext } from "../requestContext.ts";

/** What each line of the log about a deletion has. */
export function deletionOf(context: RequestContext) {
  return { requestId: context.requestId, deletedBy: null, address: () => context.address() };
}
