// How pages are sent: as HTML that runs nothing but this server's own files, and that no cache keeps.
import { type Area, nameOf } from "../../access/actions.ts";
import { everything, nothing, type Rights } from "../../access/rights.ts";
import { type Frame, readTheme, type Visitor } from "../../pages/frame.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { uncached } from "../v1/requests.ts";
import { openAssets } from "./assets.ts";
import { cookieOf } from "./cookies.ts";

/** The cookie that keeps the colours; set by this server for itself. */
export const themeCookie = "breadbox-theme";

/** What a browser may do on a page: show and run files of this server, ask it, and send its forms to it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const pageHeaders = {
  ...uncached,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": policy,
  // Not "no-referrer": with that, browsers name no origin in forms, and by it requests of other sites are told apart.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** Sends a document. */
export function sendPage(
  html: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return new Response(html, { status, headers: { ...headers, ...pageHeaders } });
}

/** What pages say of their server. */
interface Site {
  /** Unix ms. */
  readonly clock: () => number;
  /** Under which clients come to it; empty when it is not known. */
  readonly url?: string;
  /** True when it serves `/swagger`. */
  readonly hasExplorer?: boolean;
}

/** The circumstances of the page that answers this request. */
export async function frameOf(
  context: RequestContext,
  { clock, url = "", hasExplorer = false }: Site,
): Promise<Frame> {
  const { rights, path, query } = context;
  const address = query === "" ? path : `${path}?${query}`;
  return {
    visitor: visitorOf(rights, hasExplorer),
    theme: readTheme(cookieOf(context.request.headers, themeCookie)),
    address,
    login: `/login?next=${encodeURIComponent(address)}`,
    origin: url === "" ? context.origin() : url.replace(/\/$/, ""),
    assets: (await openAssets()).urls,
    now: clock(),
  };
}

/** Who looks at the page. However it logged in, a caller has rights. */
function visitorOf(rights: Rights, hasExplorer: boolean): Visitor {
  const { principal } = rights;
  const mayPull = (area: Area) => rights.may("pull", { kind: "server", area });
  const manage = principal.kind === "user" && principal.isAdmin;
  const may = {
    ...{ manage, operate: mayPull("gc"), audit: mayPull("audit") },
    explore: hasExplorer && mayPull("explorer"),
  };
  if (rights === everything) return { name: null, door: "open", may };
  if (principal.kind === "user") return { name: principal.name, door: "closed", may };
  return { name: nameOf(principal), door: rights === nothing ? "unknown" : "closed", may };
}

/** As `frameOf`, from what an operation has. */
export const framed = (context: RequestContext, services: Services): Promise<Frame> => {
  const { registry, names, hasExplorer } = services;
  return frameOf(context, { clock: registry.clock, url: names.url, hasExplorer });
};

/** To another page, which the browser asks for with GET: a repeated load repeats nothing. */
export function seeOther(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: { ...uncached, location, "content-length": "0", ...headers },
  });
}
