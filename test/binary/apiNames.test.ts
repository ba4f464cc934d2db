// Requests that did something else than they said, on the executable.
import { expect, test } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const json = { "content-type": "application/json" };

async function open(scope: Scope, env: Record<string, string> = {}) {
  const server = await startBreadbox(scope, { env });
  const ask = async (method: string, path: string, body?: string, headers = json) => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  await ask("POST", "/v1/buckets", '{"name":"box"}');
  return { server, ask };
}

test("a misspelled dry_run is refused: nothing is deleted and no run is recorded", async () => {
  await using scope = new Scope();
  const { ask } = await open(scope, { BREADBOX_GC_MIN_AGE: "0" });

  for (const [query, body] of [
    ["?dryRun=true", undefined],
    ["?dry_run=true", "{}"],
    ["", '{"dryRun":true}'],
    ["", '{"dry_run":true,"dry_run":false}'],
  ] as const) {
    const { status, text } = await ask("POST", `/v1/gc${query}`, body);
    expect([status, text]).toEqual([400, expect.stringContaining("dry_run")]);
  }

  expect(JSON.parse((await ask("GET", "/v1/gc/runs")).text)).toEqual({ runs: [], next: null });
});

test("copying an object copies its bytes, not the JSON document of the request", async () => {
  await using scope = new Scope();
  const { ask } = await open(scope);
  await ask("PUT", "/v1/buckets/box/objects/it", "content", { "content-type": "text/css" });

  const copy = await ask(
    "PUT",
    "/v1/buckets/box/objects/copy",
    '{"from":{"bucket":"box","object":"it"}}',
  );
  const half = await ask("PUT", "/v1/buckets/box/objects/half", '{"from":{"bucket":"box"}}');

  expect([copy.status, half.status]).toEqual([201, 400]);
  expect((await ask("GET", "/v1/buckets/box/objects/copy")).text).toBe("content");
  expect((await ask("GET", "/v1/buckets/box/objects/half")).status).toBe(404);
});

test("the log for people prints no control or bidirectional characters of object names", async () => {
  await using scope = new Scope();
  const { server, ask } = await open(scope, { BREADBOX_LOG_FORMAT: "pretty" });
  const name = encodeURIComponent("a\u009b31m\u202egnp.exe\u2066z");

  await ask("PUT", `/v1/buckets/box/objects/${name}`, "content");

  const logged = ({ logs }: RunningRegistry) => logs().includes("put box/a");
  await waitFor("the line", async () => logged(server), { explain: server.logs });
  expect(server.logs()).toContain("put box/a\\u{9b}31m\\u{202e}gnp.exe\\u{2066}z");
  expect(server.logs()).not.toMatch(/[\u0080-\u009f\u202a-\u202e\u2066-\u2069]/);
});
