// Errors as a browser's visitor reads them. The API answers in JSON, whoever asks.
import type { RegistryError } from "../../errors.ts";
import { acceptsHtml } from "../headers.ts";
import type { RequestContext } from "../requestContext.ts";
import { frameOf, seeOther, sendPage } from "./answer.ts";

/** Addresses of the API, which programs read. */
const api = /^\/v[12](?:\/|$)/;

/** @returns a page that says what `answer` says, for a visitor who can read it; null for all others. */
export function errorAsPage(
  context: RequestContext,
  answer: Response,
  clock: () => number,
): Promise<Response> | null {
  const { refused, path, request } = context;
  if (refused === null || !acceptsHtml(request.headers) || api.test(path)) return null;
  return drawError(context, { refused, answer, clock });
}

async function drawError(
  context: RequestContext,
  what: {
    readonly refused: RegistryError;
    readonly answer: Response;
    readonly clock: () => number;
  },
): Promise<Response> {
  const { refused, answer, clock } = what;
  const { status, message } = refused;
  const frame = await frameOf(context, { clock });
  // A link leads to the form first, and then to where it leads.
  if (status === 401 && context.request.method === "GET") return seeOther(frame.login);
  const { errorPage } = await import("../../pages/errorPage.tsx");
  const html = errorPage(frame, { status, message, requestId: context.requestId });
  return sendPage(html, { status, headers: Object.fromEntries(answer.headers) });
}
