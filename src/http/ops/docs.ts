// The explorer: `/swagger`, its OpenAPI document and its scripts. They are made in http/docs, which is loaded when somebody asks for
// one of them for the first time: a server that nobody explores pays nothing for its documentation.
import { Elysia } from "elysia";
import { digestOf } from "../../model/digest.ts";
import { empty, notModified } from "../answers.ts";
import type { AppRoute } from "../app.ts";
import type { Explorer, ServedFile } from "../docs/explorer.ts";
import { acceptsGzip, etagOf, matchesEtag } from "../headers.ts";
import { sharedFrom } from "../sharedBodies.ts";
import { longAnswer } from "../slowReaders.ts";
import { queryOf } from "../visit.ts";

/** What the explorer shows. */
export interface DocsDeps {
  /** All routes of the surface, these included; asked for when the first request comes. */
  readonly routes: () => readonly AppRoute[];
}

/** Sends one of the explorer's files. */
type Send = (explorer: Explorer, request: Request) => Response | Promise<Response>;

const sendPage: Send = ({ page, policy }, request) =>
  deliver(request, page, { "content-security-policy": policy, "referrer-policy": "no-referrer" });

const sendDocument: Send = ({ document }, request) => deliver(request, document, {});

const sendTryIt: Send = ({ tryIt }, request) => deliver(request, tryIt, lifetime(request, tryIt));

const sendScalar: Send = async ({ scalar }, request) => {
  const headers = { ...lifetime(request, scalar), vary: "accept-encoding" };
  return acceptsGzip(request.headers)
    ? deliver(request, scalar, { ...headers, "content-encoding": "gzip" })
    : deliver(request, await unpacked(scalar), headers);
};

/** Unpacked for each of the few clients that take no gzip: 3.5 MB are not worth keeping. */
async function unpacked(file: ServedFile): Promise<ServedFile> {
  const { body } = file;
  const bytes = Bun.gunzipSync(body instanceof Blob ? await body.bytes() : body);
  return { ...file, body: bytes, size: bytes.byteLength, digest: digestOf(bytes) };
}

/** An address that names the version of what it leads to can be kept for ever. */
function lifetime(request: Request, { version }: ServedFile): Record<string, string> {
  return queryOf(request).get("v") === version
    ? { "cache-control": "public, max-age=31536000, immutable" }
    : {};
}

function deliver(
  request: Request,
  { body, size, digest, mediaType }: ServedFile,
  further: Record<string, string>,
): Response {
  const headers = {
    "content-type": mediaType,
    etag: etagOf(digest),
    "cache-control": "no-cache",
    ...further,
  };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  const response = new Response(request.method === "HEAD" ? null : body, {
    headers: { ...headers, "content-length": String(size) },
  });
  return size < sharedFrom ? response : longAnswer(response);
}

/** From `/swagger/` the page's relative addresses would lead astray. Relative itself: right behind every proxy. */
const redirect = () => empty(308, { location: "../swagger" });

const tags = ["operations"];

/** `/swagger`, `/swagger/json` and `/swagger/assets/…`; what only the page itself asks for is left out of the document. */
export const docsRoutes = ({ routes }: DocsDeps) => {
  let opened: Promise<Explorer> | null = null;
  const answer =
    (send: Send) =>
    async ({ request }: { readonly request: Request }): Promise<Response> => {
      opened ??= import("../docs/explorer.ts").then(({ openExplorer }) => openExplorer(routes()));
      return send(await opened, request);
    };
  const page = { tags, summary: "This explorer" };
  const slash = { tags, summary: "To the explorer", hide: true };
  const document = { tags, summary: "This documentation, for machines" };
  const script = { tags, summary: "A script of the explorer", hide: true };
  return new Elysia({ name: "ops.docs" })
    .get("/swagger", answer(sendPage), { detail: { ...page, operationId: "getExplorer" } })
    .head("/swagger", answer(sendPage), { detail: { ...page, operationId: "headExplorer" } })
    .get("/swagger/", redirect, { detail: { ...slash, operationId: "getExplorerRedirect" } })
    .head("/swagger/", redirect, { detail: { ...slash, operationId: "headExplorerRedirect" } })
    .get("/swagger/json", answer(sendDocument), {
      detail: { ...document, operationId: "getApiDocument" },
    })
    .head("/swagger/json", answer(sendDocument), {
      detail: { ...document, operationId: "headApiDocument" },
    })
    .get("/swagger/assets/scalar.js", answer(sendScalar), {
      detail: { ...script, operationId: "getExplorerScript" },
    })
    .head("/swagger/assets/scalar.js", answer(sendScalar), {
      detail: { ...script, operationId: "headExplorerScript" },
    })
    .get("/swagger/assets/try-it.js", answer(sendTryIt), {
      detail: { ...script, operationId: "getTryItScript" },
    })
    .head("/swagger/assets/try-it.js", answer(sendTryIt), {
      detail: { ...script, operationId: "headTryItScript" },
    });
};
