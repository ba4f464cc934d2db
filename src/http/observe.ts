// What every request leaves behind: its id in the answer, a line in the log, and its metrics.
import { RegistryError } from "../errors.ts";
import { capped, type Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import { RefusalCount } from "./refusals.ts";
import { type Connection, registerVisit, Visit } from "./visit.ts";

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
      metrics.requestEnded(visit.operation?.id ?? "none", status, ms / 1000);
      if (visit.received > 0) metrics.received(visit.received);
      logAnswer(visit, status, ms);
      return response;
    },
  };
}

/** Writes an answer's line: defects with their stack, refusals thinned out, everything else at level debug. */
function answerLog(log: Log): (visit: Visit, status: number, ms: number) => void {
  const refusals = new RefusalCount();
  return (visit, status, ms) => {
    const { failure } = visit;
    if (isRefusal(failure)) {
      const { situation, message } = failure;
      const keptBack = refusals.count(situation, performance.now());
      if (keptBack === null) return;
      const fields = { ...fieldsOf(visit, status, ms), situation, keptBack };
      log.warn(fields, `${textOf(visit)} refused: ${message}`);
    } else if (failure !== null) {
      log.error({ err: failure, ...fieldsOf(visit, status, ms) }, `${textOf(visit)} failed`);
    } else if (log.isLevelEnabled("debug")) {
      log.debug(fieldsOf(visit, status, ms), textOf(visit));
    }
  };
}

/** What the server cannot do for now and says so: a full disk, a store that is read-only. Nobody has to look for a defect. */
function isRefusal(failure: unknown): failure is RegistryError {
  return failure instanceof RegistryError && failure.situation !== "UNKNOWN";
}

function textOf({ request, operation }: Visit): string {
  return operation === null ? `refused ${request.method}` : operation.id;
}

function fieldsOf(visit: Visit, status: number, ms: number): Readonly<Record<string, unknown>> {
  const { requestId, request, operation, received } = visit;
  return {
    requestId,
    method: request.method,
    // Without the query: it may carry what a later credential scheme puts there.
    path: capped(visit.path),
    operation: operation?.id ?? null,
    ...subjectOf(visit),
    status,
    ms: Math.round(ms * 1000) / 1000,
    received,
    address: visit.address(),
  };
}

/** What the request was about, where the address names it or the request began it. */
function subjectOf({ match, begun }: Visit): Readonly<Record<string, string>> {
  const uploadId = match !== null && "uploadId" in match ? match.uploadId : begun;
  return {
    ...(match !== null && "bucket" in match && { bucket: match.bucket }),
    ...(match !== null && "object" in match && { object: capped(match.object) }),
    ...(uploadId !== null && { uploadId }),
  };
}
