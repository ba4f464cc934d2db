import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { noise } from "../support/store.ts";
import { imageType, pushBlob, pushImage } from "./support/image.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/nested/app";
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const send = (path: string | null, init: RequestInit): Promise<Response> =>
  fetch(`${registry.url}${path}`, init);

const start = async (query = ""): Promise<Response> =>
  send(`/v2/${name}/blobs/uploads/${query}`, { method: "POST" });

/** The headers by which a client finds its way. */
const guides = ({ status, headers }: Response) => ({
  status,
  location: headers.get("location"),
  range: headers.get("range"),
  uuid: headers.get("docker-upload-uuid"),
  digest: headers.get("docker-content-digest"),
});

describe("an upload session", () => {
  test("accepts a streamed body, a status request, a chunk and the rest in the closing PUT", async () => {
    const bytes = noise(1000);
    const digest = digestOf(bytes);

    const opened = await start();
    const { location, uuid } = guides(opened);
    expect(location).toBe(`/v2/${name}/blobs/uploads/${uuid}`);
    const session = { location, uuid, digest: null };
    expect(guides(opened)).toEqual({ status: 202, range: "0-0", ...session });
    expect(guides(await send(location, {}))).toEqual({ status: 204, range: "0-0", ...session });

    const streamed = await send(location, { method: "PATCH", body: stream(bytes.slice(0, 400)) });
    expect(guides(streamed)).toEqual({ status: 202, range: "0-399", ...session });

    const headers = { "content-range": "400-699" };
    const chunk = await send(location, { method: "PATCH", headers, body: bytes.slice(400, 700) });
    expect(guides(chunk)).toEqual({ status: 202, range: "0-699", ...session });
    expect(guides(await send(location, {}))).toEqual({ status: 204, range: "0-699", ...session });

    const again = await send(location, { method: "PATCH", headers, body: bytes.slice(400, 700) });
    expect(guides(again)).toEqual({ status: 416, range: "0-699", ...session });

    const finish = `${location}?digest=${digest.replace(":", "%3A")}`;
    const done = await send(finish, { method: "PUT", body: bytes.slice(700) });
    expect(guides(done)).toEqual({
      status: 201,
      location: `/v2/${name}/blobs/${digest}`,
      range: null,
      uuid: null,
      digest,
    });
    expect((await send(location, {})).status).toBe(404);
    const pulled = await send(done.headers.get("location"), {});
    expect(digestOf(await pulled.bytes())).toBe(digest);
  });

  test("may be empty", async () => {
    const { location } = guides(await start());
    const empty = await send(location, { method: "PATCH", body: "" });
    expect(guides(empty)).toMatchObject({ status: 202, range: "0-0" });

    const digest = digestOf(new Uint8Array());
    expect((await send(`${location}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
    const pulled = await send(`/v2/${name}/blobs/${digest}`, {});
    expect([pulled.status, pulled.headers.get("content-length")]).toEqual([200, "0"]);
  });

  test("is 404 once it was cancelled", async () => {
    const { location } = guides(await start());
    expect((await send(location, { method: "DELETE" })).status).toBe(204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      expect((await send(location, { method })).status).toBe(404);
    }
  });

  test("is started by a path without the last slash, and by a failed mount", async () => {
    const digest = digestOf(noise(10));
    const slashless = await send(`/v2/${name}/blobs/uploads`, { method: "POST" });
    const mount = await start(`?mount=${digest}&from=team/other`);
    for (const answer of [slashless, mount]) {
      expect(guides(answer)).toMatchObject({ status: 202, range: "0-0" });
    }
  });
});

describe("a manifest", () => {
  test("is found under the location, the digest and the tags of its push", async () => {
    const { manifest, digest } = await pushImage(registry.url, { name, tag: "1.0" });

    const answer = await send(`/v2/${name}/manifests/${digest}?tag=2.0&tag=latest`, {
      method: "PUT",
      headers: { "content-type": imageType },
      body: manifest,
    });

    expect(answer.status).toBe(201);
    expect(answer.headers.get("oci-tag")).toBe("2.0, latest");
    const places = [answer.headers.get("location"), ...["1.0", "2.0", "latest", digest].map(at)];
    for (const place of places) expect(await (await send(place, {})).text()).toBe(manifest);
  });

  test("with a subject is answered with OCI-Subject", async () => {
    const config = new TextEncoder().encode("{}");
    const subject = digestOf(noise(10));
    const descriptor = { mediaType: "application/vnd.oci.empty.v1+json", size: config.length };
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: imageType,
      config: { ...descriptor, digest: await pushBlob(registry.url, name, config) },
      layers: [],
      subject: { mediaType: imageType, digest: subject, size: 10 },
    });
    const headers = { "content-type": imageType };

    const answer = await send(at("referrer"), { method: "PUT", headers, body });

    expect([answer.status, answer.headers.get("oci-subject")]).toEqual([201, subject]);
  });
});

const at = (reference: string): string => `/v2/${name}/manifests/${reference}`;

/** A body without a length: it is sent in chunks. */
function stream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
