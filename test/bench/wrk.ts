// Request rates through wrk: its scripts, its arguments, and its report read back.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/processes.ts";

/** What wrk reports. */
export interface RequestRate {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** All of them. */
  readonly requests: number;
}

const units: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3 };

function parseReport(text: string): RequestRate {
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`requests failed under wrk\n${text}`);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text);
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
  const requests = /([0-9]+) requests in/.exec(text);
  if (rate === null || p99 === null || requests === null)
    throw new Error(`cannot read the report of wrk\n${text}`);
  return {
    ...{ perSecond: Number(rate[1]), requests: Number(requests[1]) },
    p99Ms: Number(p99[1]) * (units[p99[2] ?? ""] ?? 1),
  };
}

async function wrk(script: string, connections: number, seconds: number, url: string) {
  const folder = mkdtempSync(join(tmpdir(), "breadbox-wrk-"));
  try {
    const file = join(folder, "script.lua");
    writeFileSync(file, script);
    const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency"];
    const ended = await run(["wrk", ...load, "-s", file, url]);
    return parseReport(ended.stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Media type of the manifests that are asked for and pushed. */
export const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** How much is sent. */
interface Load {
  readonly seconds: number;
  readonly connections: number;
}

/** GET of the manifest tagged `latest`. */
export const getManifests = (
  port: number,
  name: string,
  { seconds, connections }: Load,
): Promise<RequestRate> =>
  wrk(
    `wrk.headers["Accept"] = "${manifestType}"`,
    connections,
    seconds,
    `http://127.0.0.1:${port}/v2/${name}/manifests/latest`,
  );

/** PUT of manifests that nobody has seen, each under a new tag, to each repository in turn. They share the config and layer of the
 *  repository's manifest that is tagged `latest`. */
export async function putManifests(
  port: number,
  names: readonly string[],
  { seconds, connections }: Load,
): Promise<RequestRate> {
  const registry = `http://127.0.0.1:${port}`;
  const lines = names.map(async (name) => {
    const url = `${registry}/v2/${name}/manifests/latest`;
    const latest = await (await fetch(url, { headers: { Accept: manifestType } })).text();
    // The manifest's closing brace makes room for an annotation that differs from request to request.
    const open = JSON.stringify(`${latest.slice(0, -1)},"annotations":{"n":"`);
    return `{ "/v2/${name}/manifests/t", ${open} }`;
  });
  const script = `
    local count = 0
    local headers = { ["Content-Type"] = "${manifestType}" }
    local targets = { ${(await Promise.all(lines)).join(", ")} }
    request = function()
      count = count + 1
      local target = targets[count % #targets + 1]
      return wrk.format("PUT", target[1] .. count, headers, target[2] .. count .. '"}}')
    end`;
  return wrk(script, connections, seconds, registry);
}

/** GET of each path in turn, again and again, 8 connections unless told otherwise. */
export const getPages = ({
  port,
  paths,
  seconds,
  connections = 8,
}: {
  readonly port: number;
  readonly paths: readonly string[];
  readonly seconds: number;
  readonly connections?: number;
}): Promise<RequestRate> =>
  wrk(
    `
    local paths = { ${paths.map((path) => JSON.stringify(path)).join(", ")} }
    local count = 0
    request = function()
      count = count + 1
      return wrk.format("GET", paths[count % #paths + 1])
    end`,
    connections,
    seconds,
    `http://127.0.0.1:${port}/`,
  );

/** GET of a path by callers in turns, 16 connections unless told otherwise. @param as values of Authorization; none for no login. */
export const getAs = ({
  port,
  path,
  as,
  seconds,
  connections = 16,
}: {
  readonly port: number;
  readonly path: string;
  readonly as: readonly string[];
  readonly seconds: number;
  readonly connections?: number;
}): Promise<RequestRate> =>
  wrk(
    `
    local callers = { ${as.map((who) => JSON.stringify(who)).join(", ")} }
    local requests = {}
    init = function()
      for n = 1, math.max(1, #callers) do
        requests[n] = wrk.format("GET", "${path}", { ["Authorization"] = callers[n] })
      end
    end
    local count = 0
    request = function()
      count = count + 1
      return requests[count % #requests + 1]
    end`,
    connections,
    seconds,
    `http://127.0.0.1:${port}/`,
  );

/** PUT of objects `o1`, `o2` … of 4 KiB that nobody has seen, 8 connections. */
export const putObjects = (port: number, bucket: string, seconds: number): Promise<RequestRate> =>
  wrk(
    `
    local count = 0
    local filling = string.rep("o", 4088)
    request = function()
      count = count + 1
      local body = string.format("%08d", count) .. filling
      return wrk.format("PUT", "/v1/buckets/${bucket}/objects/o" .. count, {}, body)
    end`,
    8,
    seconds,
    `http://127.0.0.1:${port}/`,
  );
