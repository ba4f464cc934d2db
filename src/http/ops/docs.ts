// The explorer: `/swagger`, its OpenAPI document and its scripts. They are made in http/docs, which is loaded at the first request for
// one of them: an unused explorer costs nothing.
import { empty } from "../answers.ts";
import { always, failures } from "../docs/answers.ts";
import type { Explorer } from "../docs/explorer.ts";
import { ifNoneMatch } from "../docs/parameters.ts";
import type { Content, Headers, Responses } from "../docs/types.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import { deliver, deliverPacked, forever, type ServedFile } from "../servedFile.ts";
import type { Services } from "../services.ts";

/** Sends one of the explorer's files. */
type Send = (explorer: Explorer, context: RequestContext) => Response | Promise<Response>;

const sendPage: Send = ({ page, policy }, context) =>
  deliver(context, page, { "content-security-policy": policy, "referrer-policy": "no-referrer" });

const sendDocument: Send = ({ document }, context) => deliver(context, document, {});

const sendTryIt: Send = ({ tryIt }, context) => deliver(context, tryIt, lifetime(context, tryIt));

const sendScalar: Send = ({ scalar }, context) =>
  deliverPacked(context, scalar, lifetime(context, scalar));

/** An address that names the version of what it leads to can be kept for ever. */
function lifetime(context: RequestContext, { version }: ServedFile): Record<string, string> {
  return queryOf(context).get("v") === version ? forever : {};
}

/** From `/swagger/` the page's relative addresses would lead astray. Relative itself: right behind every proxy. */
const redirect = () => empty(308, { location: "../swagger" });

const answer =
  (send: Send) =>
  async (context: RequestContext, { explorer }: Services): Promise<Response> =>
    send(await explorer(), context);

const fileHeaders: Headers = {
  ETag: always("For `If-None-Match`.", `"sha256:${"0".repeat(64)}"`),
  "Cache-Control": always("Cached, and revalidated.", "no-cache"),
};

const file = (description: string, content: Content): Responses => ({
  200: { description, headers: fileHeaders, content },
  304: { description: "Unchanged since the ETag in `If-None-Match`.", headers: fileHeaders },
  ...failures(),
});

const switchedOff = "The setting `swagger.enabled` switches it off; then the answer is 404.";

const ofExplorer = {
  method: "GET",
  action: "read",
  target: "server",
  needs: { right: "pull", on: "explorer" },
  tag: "operations",
  servedIf: "explorer",
} as const;
/** Only the page itself asks for it. */
const hidden = { ...ofExplorer, doc: null };

/** `/swagger`, `/swagger/json` and `/swagger/assets/…`. */
export const docsOperations = [
  ...operation({
    ...ofExplorer,
    id: "getExplorer",
    path: "/swagger",
    summary: "This explorer",
    handle: answer(sendPage),
    doc: () => ({
      description: `This page. It loads nothing from other hosts. ${switchedOff}`,
      parameters: [ifNoneMatch],
      responses: file("The page.", { "text/html": { schema: { type: "string" } } }),
    }),
  }),
  ...operation({
    ...hidden,
    id: "getExplorerRedirect",
    path: "/swagger/",
    summary: "Redirect to the explorer",
    handle: redirect,
  }),
  ...operation({
    ...ofExplorer,
    id: "getApiDocument",
    path: "/swagger/json",
    summary: "This documentation as an OpenAPI document",
    handle: answer(sendDocument),
    doc: () => ({
      description: `The source of this page, for generators of clients and for tests. ${switchedOff}`,
      parameters: [ifNoneMatch],
      responses: file("An OpenAPI 3.0.3 document.", {
        "application/json": { schema: { type: "object" } },
      }),
    }),
  }),
  ...operation({
    ...hidden,
    id: "getExplorerScript",
    path: "/swagger/assets/scalar.js",
    summary: "A script of the explorer",
    handle: answer(sendScalar),
  }),
  ...operation({
    ...hidden,
    id: "getTryItScript",
    path: "/swagger/assets/try-it.js",
    summary: "A script of the explorer",
    handle: answer(sendTryIt),
  }),
];
