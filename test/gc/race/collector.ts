// The collections of a race: one after the other, by the command beside the server and by the server itself.
import { breadboxBinary, type RunningRegistry } from "../../support/binary.ts";
import { run } from "../../support/processes.ts";
import type { Client } from "./client.ts";
import type { Ledger } from "./ledger.ts";

/** Whom to collect for. */
export interface CollectorDeps {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly registry: Pick<RunningRegistry, "data">;
  /** Settings that the server has, and its commands need as well. */
  readonly env: Readonly<Record<string, string>>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Somebody sets the clock, or kills the server: a run may end before its time. */
  readonly isTroubled: boolean;
  /** Rest after each of them, in ms. */
  readonly pauseMs: number;
}

/** How a run ended, as far as a race wants to know. */
interface Ended {
  readonly state: string;
  readonly reason: string | null;
  /** What it found, and what of that it deleted: the rest was used meanwhile. */
  readonly found: number;
  readonly blobs: number;
  readonly links: number;
}

const nothing = { found: 0, blobs: 0, links: 0 };

const pollMs = 5;
/** Pauses in which something gathers that can be collected: mostly none, sometimes so long that it takes several transactions. Unit: ms. */
const pausesMs = [0, 0, 0, 0, 300, 300, 700, 3_000] as const;
/** As many runs of the server for each one of the command: that one has to start a process. */
const byServer = 5;
/** Younger blobs stay: 0 leaves the leases alone to protect, which is the hardest. Seconds. */
const ages = [0, 0, 0.5, 1] as const;

/** Collects until `isOver`. */
export async function collectUntil(deps: CollectorDeps, isOver: () => boolean): Promise<void> {
  const { ledger, random } = deps;
  const spans = { command: 0, server: 0 };
  for (let run = 0; !isOver(); run += 1) {
    const minAge = ages[Math.floor(random() * ages.length)] ?? 0;
    const byCommand = run % (byServer + 1) === 0;
    await Bun.sleep(deps.pauseMs + (pausesMs[Math.floor(random() * pausesMs.length)] ?? 0));
    const collect = byCommand ? collectByCommand : collectByServer;
    const begun = performance.now();
    // It will take about as long as the one before.
    ledger.collectionBegins(byCommand ? spans.command : spans.server);
    count(deps, await collect(deps, minAge));
    spans[byCommand ? "command" : "server"] = performance.now() - begun;
  }
  // Nobody waits for another one.
  ledger.collectionBegins(0);
}

/** Two at the same time: one of them is refused, or waits for its turn. */
export async function collectAtOnce(deps: CollectorDeps): Promise<void> {
  const both = await Promise.all([collectByCommand(deps, 0), collectByServer(deps, 0)]);
  for (const ended of both) count(deps, ended);
}

/** `breadbox gc`. @param minAge seconds. */
export async function collectByCommand(deps: CollectorDeps, minAge: number): Promise<Ended> {
  const { registry, env } = deps;
  const age = ["--min-age", `${minAge * 1000}ms`];
  const command = [await breadboxBinary(), "gc", "--data", registry.data, "--yes", "--json"];
  const { code, stdout, output } = await run([...command, ...age], { env, mayFail: true });
  if (stdout.trim() === "") return { state: "broken", reason: output, ...nothing };
  const told = readJson(stdout);
  const state = code === 0 || told["state"] !== "done" ? String(told["state"]) : "broken";
  return {
    state,
    reason: state === "done" ? null : output,
    found: Number(told["orphaned_blobs"]),
    blobs: Number(told["deleted_blobs"]),
    links: Number(told["deleted_links"]),
  };
}

/** `POST /v1/gc`, and waiting for its end. */
async function collectByServer({ client }: CollectorDeps, minAge: number): Promise<Ended> {
  const body = JSON.stringify({ min_age: minAge });
  const begun = await client.ask("POST", "/v1/gc", { body });
  if (begun.status === 409) return { state: "refused", reason: begun.text, ...nothing };
  const path = begun.headers.get("location");
  if (begun.status !== 202 || path === null) {
    return { state: "broken", reason: `${begun.status} ${begun.text}`, ...nothing };
  }
  for (;;) {
    const { status, text } = await client.ask("GET", path);
    if (status !== 200) return { state: "broken", reason: `${status} ${text}`, ...nothing };
    const told = readJson(text);
    const { state, reason } = told;
    if (state !== "running") {
      return {
        state: String(state),
        reason: typeof reason === "string" ? reason : null,
        found: Number(told["orphaned_blobs"]),
        blobs: Number(told["deleted_blobs"]),
        links: Number(told["deleted_links"]),
      };
    }
    await Bun.sleep(pollMs);
  }
}

function count(
  { ledger, isTroubled }: CollectorDeps,
  { state, reason, found, blobs, links }: Ended,
): void {
  // By a clock that was set forward the lock of a run that goes on looks as if it were over: the run is fenced then, and loses nothing.
  // One that was killed was broken off; one that met a shortage tells of it, and has deleted what it could.
  const isOusted =
    state === "failed" &&
    /was broken off|has taken over|EMFILE|unable to open database file/.test(reason ?? "");
  const isRefused =
    state === "refused" && /another|is running|the clock was set/.test(reason ?? "");
  const refused = isRefused || (isTroubled && isOusted);
  if (refused) {
    ledger.counts.refusedCollections += 1;
    return;
  }
  if (state !== "done") ledger.note("others", `a collection is ${state}: ${reason}`);
  ledger.counts.collections += 1;
  ledger.counts.collectedBlobs += blobs;
  ledger.counts.rescuedBlobs += found - blobs;
  ledger.counts.collectedLinks += links;
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return { state: "broken", reason: text };
  }
}
