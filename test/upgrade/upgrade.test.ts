// Data directories that earlier versions have written open, serve everything that was pushed, and what was begun can be finished.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import { expectStatus, pullAll } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { bucket, object, partOf, partsObject, staged, unpack, versions } from "./contents.ts";

/** What was begun is older than any cleanup would wait. */
const patient = {
  BREADBOX_STORAGE_UPLOAD_TIMEOUT: "87600h",
  BREADBOX_JOBS_CLEANUP_ENABLED: "false",
};

async function open(scope: Scope, name: string) {
  const data = join(tempFolder(scope, "upgrade"), "data");
  await unpack(name, data);
  const server = await startBreadbox(scope, { data, env: patient });
  const ask = async (status: number, path: string, init: RequestInit = {}) =>
    expectStatus(await fetch(`${server.url}${path}`, init), status);
  return { ...server, ask };
}

test.each(versions)(
  "a data directory of %s is served whole, and its open uploads can be finished",
  async (name, contents) => {
    await using scope = new Scope();
    const { url, data, ask, stop } = await open(scope, name);
    const { tags, mounted, referrer, session, multipart } = contents;

    for (const [tag, digest] of Object.entries(tags)) {
      expect((await pullAll(`${url}/v2/team/app`, tag)).digest).toBe(digest);
    }
    const blob = await ask(200, `/v2/team/copy/blobs/${mounted}`);
    expect(sha256(await blob.bytes())).toBe(mounted);
    const referrers = await ask(200, `/v2/team/app/referrers/${tags["v1"]}`);
    expect(await referrers.json()).toMatchObject({
      manifests: [{ digest: referrer, annotations: { "org.example.signer": "jo" } }],
    });
    const whole = await ask(200, `/v1/buckets/${bucket}/objects/${object.name}`);
    expect(Buffer.compare(await whole.bytes(), object.bytes)).toBe(0);
    const [one, two] = [partOf(1), partOf(2)];
    const put = await ask(200, `/v1/buckets/${bucket}/objects/${partsObject}`);
    expect(Buffer.compare(await put.bytes(), Buffer.concat([one, two]))).toBe(0);

    const half = staged.length / 2;
    const status = await ask(204, session);
    expect(status.headers.get("range")).toBe(`0-${half - 1}`);
    const rest = { method: "PUT", body: staged.slice(half) };
    await ask(201, `${session}?digest=${sha256(staged)}`, rest);
    const path = `/v1/buckets/${bucket}/multipart-uploads/${multipart.id}`;
    await ask(200, `${path}/complete`, {
      method: "POST",
      body: JSON.stringify({ parts: [multipart.part] }),
    });
    const replaced = await ask(200, `/v1/buckets/${bucket}/objects/${partsObject}`);
    expect(Buffer.compare(await replaced.bytes(), one)).toBe(0);

    await stop();
    expect(await problemsOf(data)).toEqual([]);
  },
);
