// For whoever watches the process: is it alive, and should it get traffic?
import { Elysia } from "elysia";
import { json } from "../answers.ts";
import { understand } from "../errors.ts";
import { visitOf } from "../visit.ts";

/** What readiness depends on. */
export interface HealthDeps {
  /** Resolves when rows can be read and the store takes writes. @throws RegistryError or any error that says why not. */
  readonly ready: () => Promise<void>;
  /** True once the server has begun to stop. */
  readonly isDraining: () => boolean;
}

const uncached = { "cache-control": "no-store" };

/** `/healthz`: the process answers. `/readyz`: it can do its work; 503 says why not. */
export const healthRoutes = ({ ready, isDraining }: HealthDeps) =>
  new Elysia({ name: "ops.health" })
    .get("/healthz", () => json({ status: "ok" }, { headers: uncached }), {
      detail: { operationId: "getHealth", tags: ["operations"], summary: "Is the process alive?" },
    })
    .get(
      "/readyz",
      async ({ request }) => {
        const reason = isDraining()
          ? "the server is stopping"
          : await reasonNotReady(ready, request);
        return reason === null
          ? json({ status: "ready" }, { headers: uncached })
          : json({ status: "not ready", reason }, { status: 503, headers: uncached });
      },
      {
        detail: {
          operationId: "getReadiness",
          tags: ["operations"],
          summary: "Should this server get traffic?",
        },
      },
    );

/** @returns null when ready; otherwise a reason fit for a client. The real one goes to the log. */
async function reasonNotReady(
  ready: () => Promise<void>,
  request: Request,
): Promise<string | null> {
  try {
    await ready();
    return null;
  } catch (error) {
    const { situation, message } = understand(error, visitOf(request));
    return situation === "UNKNOWN" ? "the database cannot be read" : message;
  }
}
