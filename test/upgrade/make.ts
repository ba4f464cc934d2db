// Makes a data directory of some version for the tests here: `sh .dev/bun test/upgrade/make.ts BINARY NAME` writes NAME.tar.gz, and
// NAME.json with what is in it. Run it with the executable of a released version; what it has written is never made again.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readOptions } from "../../.dev/options.ts";
import { startBreadbox } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import {
  buildImage,
  buildIndex,
  expectStatus,
  pushImage,
  pushManifest,
} from "../support/images.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { bucket, type Contents, object, partOf, partsObject, staged } from "./contents.ts";

const [binary = "", name = ""] = readOptions({
  name: "sh .dev/bun test/upgrade/make.ts",
  about:
    "Makes test/upgrade/NAME.tar.gz, a data directory, with an executable of a released version.",
  options: {},
  operands: "BINARY NAME",
}).operands;
const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Uploads in parts end at a time that is written down when they begin: this one never does. */
const tenYears = String(10 * 365 * 24 * 3600);
await using scope = new Scope();
const server = await startBreadbox(scope, {
  binary,
  env: { BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: tenYears },
});
const ask = async (status: number, path: string, init: RequestInit = {}): Promise<Response> =>
  expectStatus(await fetch(`${server.url}${path}`, init), status);

const image = buildImage({ seed: "upgrade/image", layerSizes: [3000, 10] });
const app = `${server.url}/v2/team/app`;
await pushImage(app, "v1", image);
await pushManifest(app, "latest", image.manifest);
const index = buildIndex({ seed: "upgrade/index", layerSizes: [500] }, ["amd64", "arm64"]);
for (const each of index.images) await pushImage(app, each.manifest.digest, each);
await pushManifest(app, "many", index.manifest);
const [config] = image.blobs;
if (config === undefined) throw new Error("an image has a config");
const bytes = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: "application/vnd.example.signature",
    config: { mediaType: config.mediaType, digest: config.digest, size: config.bytes.length },
    layers: [],
    subject: {
      mediaType: manifestType,
      digest: image.manifest.digest,
      size: image.manifest.bytes.length,
    },
    annotations: { "org.example.signer": "jo" },
  }),
);
const referrer = { mediaType: manifestType, digest: sha256(bytes), bytes };
await pushManifest(app, referrer.digest, referrer);
await ask(201, `/v2/team/copy/blobs/uploads/?mount=${config.digest}&from=team/app`, {
  method: "POST",
});

const session = await ask(202, "/v2/team/app/blobs/uploads/", { method: "POST" });
const place = new URL(session.headers.get("location") ?? "", server.url).pathname;
await ask(202, place, { method: "PATCH", body: staged.subarray(0, staged.length / 2) });

const json = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
await ask(201, "/v1/buckets", json({ name: bucket }));
await ask(201, `/v1/buckets/${bucket}/objects/${object.name}`, {
  method: "PUT",
  body: object.bytes,
});
const multipart = `/v1/buckets/${bucket}/multipart-uploads`;
const initiate = async (): Promise<string> => {
  const answer = await ask(201, multipart, json({ object: partsObject }));
  // Versions write the name of the id in different styles.
  return String(
    Object.entries(JSON.parse(await answer.text())).find(([key]) => /^upload_?id$/i.test(key))?.[1],
  );
};
const putPart = async (id: string, number: number) => {
  const answer = await ask(200, `${multipart}/${id}/parts/${number}`, {
    method: "PUT",
    body: partOf(number),
  });
  return { part_number: number, etag: String(JSON.parse(await answer.text()).etag) };
};
const first = await initiate();
const parts = [await putPart(first, 1), await putPart(first, 2)];
await ask(200, `${multipart}/${first}/complete`, json({ parts }));
const open = await initiate();
const openPart = await putPart(open, 1);
await server.stop();

const contents: Contents = {
  tags: { v1: image.manifest.digest, latest: image.manifest.digest, many: index.manifest.digest },
  mounted: config.digest,
  referrer: referrer.digest,
  session: place,
  multipart: { id: open, part: openPart },
};
await Bun.write(join(import.meta.dir, `${name}.json`), `${JSON.stringify(contents, null, 2)}\n`);
const entries = readdirSync(server.data)
  .filter((entry) => entry !== "lock" && entry !== "pid")
  .sort();
const owner = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name"];
await run([
  "tar",
  "-C",
  server.data,
  ...owner,
  "-czf",
  join(import.meta.dir, `${name}.tar.gz`),
  ...entries,
]);
