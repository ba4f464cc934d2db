// What forms of pages send. Requests of other sites never come here (crossSite.ts).
import { RegistryError } from "../../errors.ts";
import { type Pace, readSmallBody } from "../body.ts";
import { assertNotEncoded } from "../headers.ts";
import type { RequestContext } from "../requestContext.ts";

/** @param maxBytes of the whole form. @throws RegistryError REQUEST_INVALID, ENCODING_UNSUPPORTED, BODY_TOO_LARGE, BODY_TOO_SLOW */
export async function readForm(
  context: RequestContext,
  { pace }: { readonly pace: Pace },
  maxBytes = 16 * 1024,
): Promise<URLSearchParams> {
  const { headers } = context.request;
  assertNotEncoded(headers);
  const [mediaType = ""] = (headers.get("content-type") ?? "").split(";");
  if (mediaType.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    throw new RegistryError("REQUEST_INVALID", {
      message: "send the form as application/x-www-form-urlencoded, as browsers do",
    });
  }
  const bytes = await readSmallBody(context, { kind: "form", maxBytes }, pace);
  return new URLSearchParams(Buffer.from(bytes).toString());
}

/** A path of this server; the first page for anything that could lead elsewhere. */
export function safeNext(given: string | null): string {
  const url = given?.startsWith("/") ? URL.parse(given, "http://breadbox") : null;
  // Browsers take two slashes, and their like, for another server.
  const isOwn = url?.origin === "http://breadbox" && !url.pathname.startsWith("//");
  return isOwn ? url.pathname + url.search : "/";
}
