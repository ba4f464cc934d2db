// What every request leaves behind: its id in the answer, a line in the log, and its metrics.
import { RegistryError } from "../errors.ts";
import { capped, type Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import { levelOf, RefusalCount } from "./refusals.ts";
import { type Connection, registerVisit, type Target, Visit } from "./visit.ts";

const saneRequestId = /^[A-Za-z0-9._:=+/-]{1,64}$/;

/** Ids that count up behind a prefix: cheap, and unique when the prefix is unique to this process. */
export function countingIds(prefix: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

/** Opens and closes visits. */
export interface Observer {
  open(request: Request, connection: Connection): Visit;
  /** Completes the answer's headers, logs and counts it. */
  close(visit: Visit, response: Response): Response;
}

/** What an observer asks of its server. */
export interface ObserverOptions {
  /** For requests that bring no usable X-Request-Id. */
  readonly newRequestId: () => string;
  /** True once the server has begun to stop: answers then end their connection. */
  readonly isDraining: () => boolean;
}

export function makeObserver(
  { log, metrics }: Telemetry,
  { newRequestId, isDraining }: ObserverOptions,
): Observer {
  const logAnswer = answerLog(log);
  return {
    open(request, connection) {
      const given = request.headers.get("x-request-id");
      const requestId = given !== null && saneRequestId.test(given) ? given : newRequestId();
      const visit = new Visit(request, connection, requestId, performance.now());
      registerVisit(visit);
      return visit;
    },
    close(visit, response) {
      const { headers } = response;
      const status = visit.sentStatus ?? response.status;
      headers.set("x-request-id", visit.requestId);
      headers.set("x-content-type-options", "nosniff");
      if (!visit.foreign) headers.set("docker-distribution-api-version", "registry/2.0");
      if (isDraining()) headers.set("connection", "close");
      const ms = performance.now() - visit.startedAt;
      metrics.requestEnded(visit.question?.operation.id ?? "none", status, ms / 1000);
      if (visit.received > 0) metrics.received(visit.received);
      logAnswer(visit, status, ms);
      return response;
    },
  };
}

/** Refusals of one situation that are told in a second: enough for people, too few to fill a disk. */
const mostRefusals = 10;

/** Writes an answer's line: defects with their stack, refusals thinned out, everything else at level debug. */
function answerLog(log: Log): (visit: Visit, status: number, ms: number) => void {
  const troubles = new RefusalCount();
  const refusals = new RefusalCount(mostRefusals);
  return (visit, status, ms) => {
    const { failure, refusal } = visit;
    if (isTrouble(failure)) {
      logRefusal(log, visit, { refusal: failure, count: troubles, status, ms });
    } else if (failure !== null) {
      log.error({ err: failure, ...fieldsOf(visit, status, ms) }, `${textOf(visit)} failed`);
    } else if (refusal !== null && levelOf(visit.question?.operation ?? null, refusal) === "info") {
      logRefusal(log, visit, { refusal, count: refusals, status, ms });
    } else if (log.isLevelEnabled("debug")) {
      const code = refusal === null ? {} : { code: refusal.code };
      log.debug({ ...fieldsOf(visit, status, ms), ...code }, textOf(visit));
    }
  };
}

/** A request that was refused, and when it was. */
interface Refused {
  readonly refusal: RegistryError;
  readonly count: RefusalCount;
  readonly status: number;
  readonly ms: number;
}

/** `putManifest refused: team/app:v1 is immutable: …`: a warning when the server cannot, for information when the client may not. */
function logRefusal(log: Log, visit: Visit, { refusal, count, status, ms }: Refused): void {
  const level = refusal.isServerSide ? "warn" : "info";
  if (!log.isLevelEnabled(level)) return;
  const { situation, code, message } = refusal;
  const keptBack = count.count(situation, performance.now());
  if (keptBack === null) return;
  const what = visit.question?.operation.id ?? visit.request.method;
  const fields = { event: "refused", ...fieldsOf(visit, status, ms), code, situation, keptBack };
  log[level](fields, `${what} refused: ${capped(message)}`);
}

/** What the server cannot do for now and says so: a full disk, a store that is read-only. Nobody has to look for a defect. */
function isTrouble(failure: unknown): failure is RegistryError {
  return failure instanceof RegistryError && failure.situation !== "UNKNOWN";
}

function textOf({ request, question }: Visit): string {
  return question?.operation.id ?? `refused ${request.method}`;
}

function fieldsOf(visit: Visit, status: number, ms: number): Readonly<Record<string, unknown>> {
  const { requestId, request, question, received } = visit;
  return {
    requestId,
    method: request.method,
    // Without the query: it may carry what a later credential scheme puts there.
    path: capped(visit.path),
    operation: question?.operation.id ?? null,
    ...subjectOf(visit),
    status,
    ms: Math.round(ms * 1000) / 1000,
    received,
    address: visit.address(),
  };
}

/** What the request was about, where the address names it or the request began it. */
function subjectOf({ params, question, begun }: Visit): Readonly<Record<string, string>> {
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
