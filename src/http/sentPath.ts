// Whether a path reaches us as it was sent. `request.url` has `\` turned into `/` and dot segments resolved, so that a proxy with
// rules for paths would have judged another path than the one that is served. Bun's router, though, still reads the raw target:
// routes for every number of segments show the text between the slashes.
import type { BunRequest, Server } from "bun";

/** A path as it was sent, as far as the router reports it. */
export interface SentPath {
  /** The segments in their order, without escapes. */
  readonly segments: Readonly<Record<string, string>>;
  /** Their names in `segments`. */
  readonly names: readonly string[];
  /** The rest: nothing, a final slash, or any number of further segments. */
  readonly end: "" | "/" | "/*";
}

/** Answers a request. @param sent null when its path holds an empty segment. */
type Answer = (
  request: Request,
  server: Server<undefined>,
  sent: SentPath | null,
) => Response | Promise<Response>;
type Handler = (request: BunRequest, server: Server<undefined>) => Response | Promise<Response>;

/**
 * Segments that are compared; further ones cannot change these. The router knows 99 at most, and the time that they take at the start grows with
 * their square: 64 of them took a tenth of it.
 */
const knownSegments = 32;

/** Routes of `Bun.serve` for paths of any length; what is left for its `fetch` has an empty segment. */
export function sentPathRoutes(answer: Answer): Record<string, Handler> {
  const handler =
    (names: readonly string[], end: SentPath["end"]): Handler =>
    (request, server) =>
      answer(request, server, { segments: request.params, names, end });
  const routes: Record<string, Handler> = { "/": handler([], "/") };
  const all = Array.from({ length: knownSegments }, (_, i) => `s${i + 1}`);
  let path = "";
  for (let at = 1; at <= knownSegments; at += 1) {
    path += `/:s${at}`;
    routes[path] = handler(all.slice(0, at), "");
    routes[`${path}/`] = handler(all.slice(0, at), "/");
  }
  routes[`${path}/*`] = handler(all, "/*");
  return routes;
}

/**
 * True when `path`, taken from `request.url`, is what was sent. A path with an empty segment counts as sent as long as it shows
 * one: no operation has any, and its reader explains the error.
 */
export function isAsSent(path: string, sent: SentPath | null): boolean {
  // A fragment is never part of a request, and proxies cut it off or send it on as they like.
  if (path.includes("#")) return false;
  if (sent === null) return path.includes("//");
  let at = 0;
  for (const name of sent.names) {
    const next = path.indexOf("/", at + 1);
    const end = next === -1 ? path.length : next;
    if (path[at] !== "/" || !isSegment(path, at + 1, end, sent.segments[name] ?? "")) return false;
    at = end;
  }
  return sent.end === "/*" ? path[at] === "/" : path.slice(at) === sent.end;
}

function isSegment(path: string, start: number, end: number, sent: string): boolean {
  if (end - start === sent.length && path.startsWith(sent, start)) return true;
  const segment = path.slice(start, end);
  if (!segment.includes("%")) return false;
  try {
    return decodeURIComponent(segment) === sent;
  } catch {
    // No address takes escapes that are not UTF-8, and each says so in its own words.
    return true;
  }
}
