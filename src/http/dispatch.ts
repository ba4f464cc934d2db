// One request from its arrival to its answer: front door, guard, surface, and what is left behind.
import type { App } from "./app.ts";
import { errorResponse } from "./errors.ts";
import { type Entrance, enter } from "./frontDoor.ts";
import type { Guard } from "./guard.ts";
import { closing, leavesBody } from "./linger.ts";
import type { Observer } from "./observe.ts";
import { isWrite } from "./operation.ts";
import type { SentPath } from "./sentPath.ts";
import type { SlowReaders } from "./slowReaders.ts";
import { assertQuery } from "./v1/known.ts";
import type { Connection, Visit } from "./visit.ts";

/** What a request passes through. */
export interface DispatchDeps extends Entrance {
  readonly app: Pick<App, "fetch">;
  readonly guard: Pick<Guard, "admit" | "methodsOf">;
  readonly observer: Observer;
  /** Is told of writes while the server works on them, so that working does not count as idling. */
  readonly atWork: Set<Visit>;
  /** Is told of answers as they begin. */
  readonly slowReaders: Pick<SlowReaders, "add">;
}

/** What `Bun.serve` calls. */
export type Dispatch = (
  request: Request,
  connection: Connection,
  sent: SentPath | null,
) => Response | Promise<Response>;

/** Never rejects: whatever is thrown is answered. */
export function makeDispatch(deps: DispatchDeps): Dispatch {
  const { app, guard, observer, atWork, slowReaders } = deps;
  const answer = (visit: Visit): Response | Promise<Response> => {
    try {
      const question = enter(visit, deps);
      guard.admit(question);
      assertQuery(question.operation, visit.query);
      if (isWrite(question.operation)) atWork.add(visit);
      return app.fetch(visit.request);
    } catch (error) {
      return errorResponse(error, visit);
    }
  };
  const end = (visit: Visit, response: Response): Response | Promise<Response> => {
    atWork.delete(visit);
    slowReaders.add(visit, response);
    const observed = observer.close(visit, response);
    return leavesBody(visit) ? closing(visit, observed) : observed;
  };
  return (request, connection, sent) => {
    const visit = observer.open(request, connection);
    visit.sent = sent;
    const response = answer(visit);
    if (response instanceof Response) return end(visit, response);
    return response.then(
      (answered) => end(visit, answered),
      (error) => end(visit, errorResponse(error, visit)),
    );
  };
}
