// The base address: clients ask here whether this is a registry (distribution-spec, "Determining Support").

import { always, failures, jsonLike } from "../docs/answers.ts";
import { operation } from "../operation.ts";

const headers = { "content-type": "application/json" };

/** `/v2/`. */
export const baseOperations = [
  ...operation({
    id: "checkApi",
    method: "GET",
    path: "/v2/",
    action: "read",
    target: "server",
    needs: "login",
    tag: "registry",
    summary: "Check the API version",
    handle: () => new Response("{}", { headers }),
    head: { handle: () => new Response(null, { headers: { ...headers, "content-length": "2" } }) },
    doc: () => ({
      description:
        "Clients ask here first whether the server is a registry. Source: distribution-spec, _Determining Support_ (end-1). `/v2` without the slash is the same.",
      responses: {
        200: {
          description: "It is. The body is an empty object.",
          headers: {
            "Docker-Distribution-Api-Version": always(
              "As every answer below `/v2/` has it.",
              "registry/2.0",
            ),
          },
          content: jsonLike({ type: "object" }, {}),
        },
        ...failures(),
      },
    }),
  }),
];
