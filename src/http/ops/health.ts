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
  /** Since when scheduled collections are refused (Unix ms), and why; null while they are not. */
  readonly findRefusals: () => Promise<{ readonly since: number; readonly reason: string } | null>;
}

const uncached = { "cache-control": "no-store" };
const tags = ["operations"];

/**
 * `/healthz`: the process answers. `/readyz`: it can do its work; 503 says why not. Some load balancers probe with HEAD: the server
 * drops the body.
 */
export const healthRoutes = (deps: HealthDeps) => {
  const health = { tags, summary: "Is the process alive?" };
  const readiness = { tags, summary: "Should this server get traffic?" };
  return new Elysia({ name: "ops.health" })
    .get("/healthz", alive, { detail: { ...health, operationId: "getHealth" } })
    .head("/healthz", alive, { detail: { ...health, operationId: "headHealth" } })
    .get("/readyz", ({ request }) => able(deps, request), {
      detail: { ...readiness, operationId: "getReadiness" },
    })
    .head("/readyz", ({ request }) => able(deps, request), {
      detail: { ...readiness, operationId: "headReadiness" },
    });
};

const alive = (): Response => json({ status: "ok" }, { headers: uncached });

async function able(deps: HealthDeps, request: Request): Promise<Response> {
  const { ready, isDraining } = deps;
  const reason = isDraining() ? "the server is stopping" : await reasonNotReady(ready, request);
  return reason === null
    ? json({ status: "ready", ...(await worries(deps)) }, { headers: uncached })
    : json({ status: "not ready", reason }, { status: 503, headers: uncached });
}

/** What somebody should look at although requests are answered as ever: the disk fills while nothing is collected. */
async function worries({ findRefusals }: HealthDeps) {
  const refused = await findRefusals().catch(() => null);
  if (refused === null) return {};
  const { since, reason } = refused;
  return { gc: { refused_since: new Date(since).toISOString(), reason } };
}

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
    return situation === "UNKNOWN" ? "the data directory cannot be read" : message;
  }
}
