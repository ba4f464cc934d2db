// Two executables over one database: what one has answered is what the other one knows, at once, whatever either keeps in memory.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import type { RunningRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { startReplicas } from "../support/replicas.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 90_000 };
const type = "application/vnd.oci.image.index.v1+json";
const path = "/v2/lab/app/manifests/latest";

/** The manifest of a round. */
const textOf = (round: number): string =>
  JSON.stringify({
    ...{ schemaVersion: 2, mediaType: type, manifests: [] },
    annotations: { round: String(round) },
  });
const digestIn = (round: number): string => digestOf(new TextEncoder().encode(textOf(round)));

async function put({ url }: RunningRegistry, round: number): Promise<void> {
  const init = { method: "PUT", headers: { "content-type": type }, body: textOf(round) };
  expect((await fetch(url + path, init)).status).toBe(201);
}

/** What a replica says that the tag names; null for nothing. */
async function named({ url }: RunningRegistry, method: "GET" | "HEAD"): Promise<string | null> {
  const answer = await fetch(url + path, { method, headers: { accept: type } });
  const text = await answer.text();
  if (answer.status === 404) return null;
  expect(answer.status).toBe(200);
  const digest = answer.headers.get("docker-content-digest");
  if (method === "GET") expect(String(digestOf(new TextEncoder().encode(text)))).toBe(digest ?? "");
  return digest;
}

clientTest(
  "a tag that was moved or deleted over one replica is never answered as before by the other",
  needs,
  async (scope) => {
    const { a, b } = await startReplicas(scope);
    await put(a, 0);
    const readers = { ended: false };
    // Others read all the time, so that both have the rows in memory, and questions are on their way whenever one changes.
    const reading = [a, b, b].map(async (replica) => {
      while (!readers.ended) await named(replica, "GET");
    });
    const both = [a, b].flatMap((replica) => [named(replica, "GET"), named(replica, "HEAD")]);
    expect(new Set(await Promise.all(both))).toEqual(new Set([digestIn(0)]));

    for (let round = 1; round <= 80; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [a, b] : [b, a];
      const isDeleted = round % 5 === 0;
      if (isDeleted) {
        const { status } = await fetch(writer.url + path, { method: "DELETE" });
        expect(status).toBe(202);
      } else await put(writer, round);
      const seen = await Promise.all([
        ...[named(reader, "GET"), named(reader, "HEAD"), named(reader, "GET")],
        named(writer, "HEAD"),
      ]);
      expect(new Set(seen)).toEqual(new Set([isDeleted ? null : digestIn(round)]));
    }
    readers.ended = true;
    await Promise.all(reading);
  },
);
