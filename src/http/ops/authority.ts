// The CA of a server that signs its own certificate. Public on purpose: a certificate is no secret, and clients need it before they
// can speak to the server safely.

import { RegistryError } from "../../errors.ts";
import { digestOf } from "../../model/digest.ts";
import { notModified } from "../answers.ts";
import { always, failures } from "../docs/answers.ts";
import { ifNoneMatch } from "../docs/parameters.ts";
import type { Headers } from "../docs/types.ts";
import { etagOf, matchesEtag } from "../headers.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";

function sendAuthority({ request }: RequestContext, { authority }: Services): Response {
  if (authority === null) throw new RegistryError("ROUTE_UNKNOWN");
  const bytes = Buffer.from(authority);
  const digest = digestOf(bytes);
  const headers = {
    "content-type": "application/x-pem-file",
    "content-disposition": 'attachment; filename="breadbox-ca.crt"',
    "cache-control": "no-cache",
    etag: etagOf(digest),
  };
  return matchesEtag(request.headers.get("if-none-match"), digest)
    ? notModified(headers)
    : new Response(bytes, { headers });
}

const fileHeaders: Headers = {
  ETag: always("For `If-None-Match`.", `"sha256:${"0".repeat(64)}"`),
  "Cache-Control": always("Cached, and revalidated.", "no-cache"),
};

/** `/ca.crt`. */
export const authorityOperations = operation({
  id: "getAuthority",
  method: "GET",
  path: "/ca.crt",
  action: "read",
  target: "server",
  needs: "nothing",
  tag: "operations",
  summary: "Download this server's CA",
  servedIf: "authority",
  handle: sendAuthority,
  doc: () => ({
    description:
      "The CA certificate of a server with `http.tls.selfSigned`, as PEM. Clients trust the server once they trust it: `breadbox trust-ca` prints how. Without that setting the answer is 404.",
    parameters: [ifNoneMatch],
    responses: {
      200: {
        description: "The certificate.",
        headers: fileHeaders,
        content: { "application/x-pem-file": { schema: { type: "string" } } },
      },
      304: { description: "Unchanged since the ETag in `If-None-Match`.", headers: fileHeaders },
      ...failures(),
    },
  }),
});
