// Any thrown value → status, headers and the OCI error envelope. The only place that writes one.
import { AccessInputError } from "../access/inputError.ts";
import { RegistryError } from "../errors.ts";
import type { RequestContext } from "./requestContext.ts";

/** A failure whose answer carries further headers, such as `Allow` or an upload's `Location`. */
export class AnswerError extends RegistryError {
  readonly headers: Readonly<Record<string, string>>;

  /** The same answer as `error`'s, with `headers`. */
  constructor(error: RegistryError, headers: Readonly<Record<string, string>>) {
    const { situation, detail, message, retryAfter } = error;
    super(situation, { detail, message, cause: error, ...(retryAfter && { retryAfter }) });
    this.headers = headers;
  }
}

/** Statuses of Elysia's own errors; anything else it throws is a bug of ours. */
const frameworkSituations = {
  NOT_FOUND: "ROUTE_UNKNOWN",
  PARSE: "REQUEST_INVALID",
  VALIDATION: "REQUEST_INVALID",
  INVALID_COOKIE_SIGNATURE: "REQUEST_INVALID",
  INVALID_FILE_TYPE: "REQUEST_INVALID",
} as const;

/**
 * The answer for a thrown value. Unknown values become UNKNOWN with the request's id, and are kept in
 * `context.failure` for the log: their own text is never shown. Refusals are kept in `context.refusal`.
 */
export function understand(thrown: unknown, context: RequestContext): RegistryError {
  if (thrown instanceof RegistryError) {
    if (thrown.isServerSide) context.failure = thrown;
    else context.refusal = thrown;
    return thrown;
  }
  if (thrown instanceof AccessInputError) {
    context.refusal = new RegistryError("REQUEST_INVALID", { message: thrown.message });
    return context.refusal;
  }
  const situation = frameworkSituation(thrown);
  if (situation !== null) {
    context.refusal = new RegistryError(situation);
    return context.refusal;
  }
  context.failure = thrown;
  return new RegistryError("UNKNOWN", { detail: { request_id: context.requestId }, cause: thrown });
}

function frameworkSituation(thrown: unknown): "ROUTE_UNKNOWN" | "REQUEST_INVALID" | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  const { code } = thrown;
  if (typeof code !== "string" || !isFrameworkCode(code)) return null;
  return frameworkSituations[code];
}

function isFrameworkCode(code: string): code is keyof typeof frameworkSituations {
  return Object.hasOwn(frameworkSituations, code);
}

/** The answer to a thrown value. A HEAD gets the same status and headers; the server drops the body. */
export function errorResponse(thrown: unknown, context: RequestContext): Response {
  const error = understand(thrown, context);
  context.refused = error;
  const { code, message, detail } = error;
  const envelope = {
    errors: [detail === undefined ? { code, message } : { code, message, detail }],
    ...(context.foreign ? { request_id: context.requestId } : {}),
  };
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.retryAfter !== undefined) headers["retry-after"] = String(error.retryAfter);
  if (error instanceof AnswerError) Object.assign(headers, error.headers);
  return new Response(JSON.stringify(envelope), { status: error.status, headers });
}
