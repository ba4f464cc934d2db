// The traces of every request: its id in the answer, a line in the log, and its metrics.
import { RegistryError } from "../errors.ts";
import { callerFields } from "../telemetry/caller.ts";
import { capped, type Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import { whoAsked } from "./author.ts";
import type { IsProxy } from "./forwarded.ts";
import { levelOf, RefusalCount } from "./refusals.ts";
import { type Connection, RequestContext, registerContext, type Target } from "./requestContext.ts";

const saneRequestId = /^[A-Za-z0-9._:=+/-]{1,64}$/;

/** Ids that count up behind a prefix: cheap, and unique when the prefix is unique to this process. */
export function countingIds(prefix: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

/** Opens and closes contexts. */
export interface Observer {
  open(request: Request, connection: Connection): RequestContext;
  /** Completes the answer's headers, logs and counts it. */
  close(context: RequestContext, response: Response): Response;
}

/** The dependencies of an observer. */
export interface ObserverOptions {
  /** For requests that bring no usable X-Request-Id. */
  readonly newRequestId: () => string;
  /** Whose headers about the client count; null for nobody's. */
  readonly isProxy: IsProxy | null;
  /** True when an answer is the last one on its connection. */
  readonly isEnding: (connection: Connection) => boolean;
}

export function makeObserver(
  { log, metrics }: Telemetry,
  { newRequestId, isProxy, isEnding }: ObserverOptions,
): Observer {
  const logAnswer = answerLog(log);
  return {
    open(request, connection) {
      const given = request.headers.get("x-request-id");
      const requestId = given !== null && saneRequestId.test(given) ? given : newRequestId();
      const context = new RequestContext(request, connection, requestId, performance.now());
      context.isProxy = isProxy;
      registerContext(context);
      return context;
    },
    close(context, response) {
      const { headers } = response;
      const status = context.sentStatus ?? response.status;
      headers.set("x-request-id", context.requestId);
      headers.set("x-content-type-options", "nosniff");
      if (!context.foreign) headers.set("docker-distribution-api-version", "registry/2.0");
      if (isEnding(context.connection)) headers.set("connection", "close");
      const ms = performance.now() - context.startedAt;
      metrics.requestEnded(context.question?.operation.id ?? "none", status, ms / 1000);
      if (context.received > 0) metrics.received(context.received);
      logAnswer(context, status, ms);
      return response;
    },
  };
}

/** Refusals of one situation that are logged in a second: enough for people, too few to fill a disk. */
const mostRefusals = 10;

/** Writes an answer's line: defects with their stack, refusals thinned out, everything else at level debug. */
function answerLog(log: Log): (context: RequestContext, status: number, ms: number) => void {
  const troubles = new RefusalCount();
  const refusals = new RefusalCount(mostRefusals);
  return (context, status, ms) => {
    const { failure, refusal } = context;
    if (isTrouble(failure)) {
      logRefusal(log, context, { refusal: failure, count: troubles, status, ms });
    } else if (failure !== null) {
      log.error({ err: failure, ...fieldsOf(context, status, ms) }, `${textOf(context)} failed`);
    } else if (
      refusal !== null &&
      levelOf(context.question?.operation ?? null, refusal) === "info" &&
      !isChallenge(context, refusal)
    ) {
      logRefusal(log, context, { refusal, count: refusals, status, ms });
    } else if (log.isLevelEnabled("debug")) {
      const code = refusal === null ? {} : { code: refusal.code };
      log.debug({ ...fieldsOf(context, status, ms), ...code }, textOf(context));
    }
  };
}

/** Clients ask without credentials first, to hear which ones are wanted. */
function isChallenge({ request }: RequestContext, { situation }: RegistryError): boolean {
  return situation === "UNAUTHORIZED" && !request.headers.has("authorization");
}

/** A request that was refused, and when it was. */
interface Refused {
  readonly refusal: RegistryError;
  readonly count: RefusalCount;
  readonly status: number;
  readonly ms: number;
}

/** `putManifest refused: team/app:v1 is immutable: …`: a warning when the server cannot, for information when the client may not. */
function logRefusal(
  log: Log,
  context: RequestContext,
  { refusal, count, status, ms }: Refused,
): void {
  const level = refusal.isServerSide ? "warn" : "info";
  if (!log.isLevelEnabled(level)) return;
  const { situation, code, message } = refusal;
  const keptBack = count.count(situation, performance.now());
  if (keptBack === null) return;
  const what = context.question?.operation.id ?? context.request.method;
  const fields = { event: "refused", ...fieldsOf(context, status, ms), code, situation, keptBack };
  log[level](fields, `${what} refused: ${capped(message)}`);
}

/** Refusals for a temporary condition of the server: a full disk, a read-only store. They are no defects. */
function isTrouble(failure: unknown): failure is RegistryError {
  return failure instanceof RegistryError && failure.situation !== "UNKNOWN";
}

function textOf({ request, question }: RequestContext): string {
  return question?.operation.id ?? `refused ${request.method}`;
}

function fieldsOf(
  context: RequestContext,
  status: number,
  ms: number,
): Readonly<Record<string, unknown>> {
  const { request, question, received } = context;
  return {
    method: request.method,
    // Without the query: it may carry what a later credential scheme puts there.
    path: capped(context.path),
    operation: question?.operation.id ?? null,
    ...subjectOf(context),
    status,
    ms: Math.round(ms * 1000) / 1000,
    received,
    ...callerFields(whoAsked(context)),
  };
}

/** The request's subject, where its path names it or the request created it. */
function subjectOf({ params, question, begun }: RequestContext): Readonly<Record<string, string>> {
  const uploadId = params.uploadId ?? begun;
  return {
    ...(question !== null && fieldsOfTarget(question.target)),
    ...(params.object !== undefined && { object: capped(params.object) }),
    ...(uploadId !== null && { uploadId }),
  };
}

function fieldsOfTarget(target: Target): Readonly<Record<string, string>> {
  return target.kind === "server" ? {} : { [target.kind]: target.name };
}
