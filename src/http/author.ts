// Who asks for a change, as the audit trail and the log name it.
import { nameOf } from "../access/actions.ts";
import type { Author } from "../metadata/audit.ts";
import { clientProgram } from "./clientProgram.ts";
import type { RequestContext } from "./requestContext.ts";

/** For the audit trail. */
export function authorOf(context: RequestContext): Author {
  const { requestId, rights } = context;
  return { who: nameOf(rights.principal), address: context.address(), requestId };
}

/** For a line of the log, which may not be written: the address is asked for only if it is. */
export function whoAsked(context: RequestContext) {
  const { requestId, rights } = context;
  return {
    ...{ requestId, who: nameOf(rights.principal) },
    ...{ address: () => context.address(), client: () => clientOf(context) },
  };
}

/** The program that asks; null when it does not name itself. Read only when a line is written. */
export function clientOf({ request }: RequestContext): string | null {
  return clientProgram(request.headers.get("user-agent"));
}
