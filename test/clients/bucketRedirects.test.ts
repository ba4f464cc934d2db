// Clients with a login that pull from a registry over a bucket: sent to the bucket where its host is another one, and given the bytes
// where they would send their login along.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { differences, readFolder } from "../support/files.ts";
import { crane, versitygw } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, writeLayout } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import { bucketEnvironment } from "../support/s3Server.ts";
import type { Scope } from "../support/scope.ts";
import { startVersitygw } from "../support/versitygw.ts";

const needs = {
  ...goToolNeeds(crane),
  commands: ["skopeo"],
  reason: () => goToolNeeds(crane).reason?.() ?? goToolNeeds(versitygw).reason?.() ?? null,
};
const [user, password] = ["admin", "a long password for admin"];

/** A registry with accounts, over a bucket that clients reach under `host`. */
async function open(scope: Scope, host: string) {
  const { bucket } = await startVersitygw(scope);
  const { port } = new URL(bucket.endpoint ?? "");
  const env = {
    ...bucketEnvironment(bucket),
    BREADBOX_STORAGE_S3_PUBLIC_ENDPOINT: `http://${host}:${port}`,
    BREADBOX_ADMIN_PASSWORD: password,
    BREADBOX_AUTH_MODE: "required",
  };
  return startBreadbox(scope, { env });
}

describe("crane and skopeo with a login pull an image", () => {
  for (const [sentence, host, status] of [
    ["from a bucket at another host, to which they are sent", "localhost", 307],
    ["through the server, where the bucket is at the same host", "127.0.0.1", 200],
  ] as const) {
    clientTest(sentence, needs, async (scope) => {
      const registry = await open(scope, host);
      const program = await goTool(crane);
      const env = { DOCKER_CONFIG: tempFolder(scope, "crane") };
      const { skopeo } = openContainers(scope);
      const [from, to, copied] = [1, 2, 3].map((of) => tempFolder(scope, `layout-${of}`));
      const image = buildImage({ seed: "redirects", layerSizes: [3_000_000, 200_000] });
      writeLayout(from ?? "", "v1", image);
      const name = `${registry.host}/team/app:v1`;

      await run([program, "auth", "login", registry.host, "-u", user, "-p", password], { env });
      await run([program, "push", from ?? "", name], { env });
      await run([program, "pull", "--format=oci", name, to ?? ""], { env });
      const login = `--src-creds=${user}:${password}`;
      await skopeo("copy", "--src-tls-verify=false", login, `docker://${name}`, `oci:${copied}:v1`);

      const blobs = readFolder(join(from ?? "", "blobs"));
      expect(differences(blobs, readFolder(join(to ?? "", "blobs")))).toEqual([]);
      expect(differences(blobs, readFolder(join(copied ?? "", "blobs")))).toEqual([]);
      const layer = image.blobs.find(({ bytes }) => bytes.length > 1_000_000);
      const url = `${registry.url}/v2/team/app/blobs/${layer?.digest}`;
      const authorization = `Basic ${btoa(`${user}:${password}`)}`;
      const answer = await fetch(url, { redirect: "manual", headers: { authorization } });
      await answer.body?.cancel();
      expect(answer.status).toBe(status);
    });
  }
});
