// The first page. Programs that ask for `/` are answered as for any address that is none.
import { RegistryError } from "../../errors.ts";
import { acceptsHtml } from "../headers.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { framed, sendPage } from "./answer.ts";

async function home(context: RequestContext, services: Services): Promise<Response> {
  if (!acceptsHtml(context.request.headers)) throw new RegistryError("ROUTE_UNKNOWN");
  const { homePage } = await import("../../pages/home.tsx");
  return sendPage(homePage(await framed(context, services)));
}

/** `/`. */
export const homeOperations = operation({
  id: "getHome",
  method: "GET",
  path: "/",
  action: "read",
  target: "server",
  needs: "own",
  tag: "operations",
  summary: "The first page",
  doc: null,
  handle: home,
});
