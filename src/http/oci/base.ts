// The door plate: clients ask here whether this is a registry (distribution-spec, "Determining Support").
import { Elysia } from "elysia";

const headers = { "content-type": "application/json" };

export const baseRoutes = () =>
  new Elysia({ name: "oci.base" })
    .get("/v2/", () => new Response("{}", { headers }), {
      detail: { operationId: "checkApi", tags: ["registry"], summary: "Is this a registry?" },
    })
    .head("/v2/", () => new Response(null, { headers: { ...headers, "content-length": "2" } }), {
      detail: { operationId: "headApi", tags: ["registry"], summary: "Is this a registry?" },
    });
