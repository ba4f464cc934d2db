// Answers to requests whose body is not read. By default the server would read the body to its last byte; closed at once, most
// clients see a broken pipe instead of the answer (measured with Go's: 16 of 20). So: answer, wait a moment, then close.
import { hasBody } from "./body.ts";
import { contentLength } from "./headers.ts";
import type { RequestContext } from "./requestContext.ts";

/** Shorter bodies are left to the server to swallow, so that the connection can be used again. Bytes. */
const swallowed = 65_536;
/** Time for the client to notice that it was answered. */
const lingerMs = 500;

/** True when more of the request may still come than is worth reading. */
export function leavesBody({
  request,
  bodyEnded,
  abandoned,
}: Pick<RequestContext, "request" | "bodyEnded" | "abandoned">): boolean {
  const { headers } = request;
  if (abandoned) return true;
  if (bodyEnded || !hasBody(headers)) return false;
  const length = contentLength(headers);
  return length === null || length > swallowed;
}

/** The same answer on a connection that is closed after it; a refusal is given time to arrive first. */
export function closing(context: RequestContext, response: Response): Response | Promise<Response> {
  response.headers.set("connection", "close");
  if (response.status < 400 || context.request.method === "HEAD") return response;
  return lingering(response);
}

async function lingering(response: Response): Promise<Response> {
  const { status, headers } = response;
  const text = await response.bytes();
  let timer: Timer | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(text);
      timer = setTimeout(() => end(controller), lingerMs);
    },
    cancel: () => clearTimeout(timer),
  });
  headers.delete("content-length");
  return new Response(body, { status, headers });
}

/** The client may have closed first: then the stream has ended already without an event, and closing it again throws. */
function end(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // The client is gone: there is no answer to send.
  }
}
