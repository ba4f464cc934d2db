// Elysia's routes, made of the operations. Two compiled instances: a compiled instance answers HEAD by running GET and reading its
// body, so HEAD has an instance of its own.
import { Elysia } from "elysia";
import type { Documented } from "./docs/explorer.ts";
import { errorResponse } from "./errors.ts";
import type { Operation } from "./operation.ts";
import { contextOf } from "./requestContext.ts";
import type { ApiOptions, Backend, Services } from "./services.ts";

/** Answers a request that passed the front door. */
export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** `/swagger` and `/swagger/` are two routes. */
const exactPaths = { strictPath: true };

/** Builds the app of those operations that the options do not switch off. */
export function buildApp(
  operations: readonly Operation[],
  backend: Backend,
  { feed, ...options }: ApiOptions & Pick<Services, "feed">,
): App {
  const served = operations.filter(
    ({ servedIf }) => servedIf === undefined || Boolean(options[servedIf]),
  );
  const hasExplorer = options.explorer;
  const explorer = explorerOf({ operations: served, mayClose: backend.access.mayClose });
  const services = { ...backend, ...options, feed, explorer, hasExplorer };
  const app = new Elysia(exactPaths).onError(answerError);
  const heads = new Elysia(exactPaths).onError(answerError);
  for (const operation of served) {
    const { method, path } = operation;
    // Bodies are never parsed: they stream.
    (method === "HEAD" ? heads : app).route(
      method,
      path,
      ({ request }) => operation.handle(contextOf(request), services),
      { parse: "none" },
    );
  }
  return { fetch: (request) => (request.method === "HEAD" ? heads : app).fetch(request) };
}

/** A server whose explorer is not used loads nothing of it. */
function explorerOf(documented: Documented): Services["explorer"] {
  let opened: ReturnType<Services["explorer"]> | null = null;
  return () => {
    opened ??= import("./docs/explorer.ts").then(({ openExplorer }) => openExplorer(documented));
    return opened;
  };
}

function answerError({ error, request }: { error: unknown; request: Request }): Response {
  return errorResponse(error, contextOf(request));
}
