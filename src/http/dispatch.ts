// One request from its arrival to its answer: front door, guard, surface, and what is left behind.
import type { App } from "./app.ts";
import type { Door } from "./door.ts";
import { errorResponse } from "./errors.ts";
import { type Entrance, enter } from "./frontDoor.ts";
import type { Guard } from "./guard.ts";
import { closing, leavesBody } from "./linger.ts";
import type { Observer } from "./observe.ts";
import { isWrite } from "./operation.ts";
import { errorAsPage } from "./pages/errors.ts";
import type { Connection, Question, RequestContext } from "./requestContext.ts";
import type { SentPath } from "./sentPath.ts";
import type { SlowReaders } from "./slowReaders.ts";
import { assertQuery } from "./v1/known.ts";

/** The dependencies of dispatching. */
export interface DispatchDeps extends Entrance {
  readonly app: Pick<App, "fetch">;
  readonly guard: Pick<Guard, "admit" | "methodsOf">;
  readonly door: Door;
  readonly observer: Observer;
  /** Contexts of writes while the server works on them, so that working does not count as idling. */
  readonly atWork: Set<RequestContext>;
  /** Unix ms. */
  readonly clock: () => number;
  /** Watches answers from their beginning. */
  readonly slowReaders: Pick<SlowReaders, "add">;
}

/** The handler that `Bun.serve` calls. */
export type Dispatch = (
  request: Request,
  connection: Connection,
  sent: SentPath | null,
) => Response | Promise<Response>;

/** Never rejects: every thrown value becomes an answer. */
export function makeDispatch(deps: DispatchDeps): Dispatch {
  const { app, guard, door, observer, atWork, slowReaders } = deps;
  const goOn = (context: RequestContext, question: Question): Response | Promise<Response> => {
    guard.admit(question);
    assertQuery(question.operation, context.query);
    if (isWrite(question.operation)) atWork.add(context);
    return app.fetch(context.request);
  };
  const answer = (context: RequestContext): Response | Promise<Response> => {
    try {
      const question = enter(context, deps);
      const waiting = door(context, question);
      if (waiting !== null) return waiting.then(() => goOn(context, question));
      return goOn(context, question);
    } catch (error) {
      return errorResponse(error, context);
    }
  };
  const end = (context: RequestContext, response: Response): Response | Promise<Response> => {
    const page = errorAsPage(context, response, deps.clock);
    return page === null ? close(context, response) : page.then((html) => close(context, html));
  };
  const close = (context: RequestContext, response: Response): Response | Promise<Response> => {
    atWork.delete(context);
    slowReaders.add(context, response);
    const observed = observer.close(context, response);
    return leavesBody(context) ? closing(context, observed) : observed;
  };
  return (request, connection, sent) => {
    const context = observer.open(request, connection);
    context.sent = sent;
    const response = answer(context);
    if (response instanceof Response) return end(context, response);
    return response.then(
      (answered) => end(context, answered),
      (error) => end(context, errorResponse(error, context)),
    );
  };
}
