// Where the executable finds the keys of a bucket that no setting names: variables, the files of the AWS CLI, a container's role.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { tempFolder } from "../support/processes.ts";
import { bucketEnvironment } from "../support/s3Server.ts";
import type { Scope } from "../support/scope.ts";
import { startVersitygw } from "../support/versitygw.ts";

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Answers as the agent of ECS or EKS does. */
function startAgent(scope: Scope, { accessKeyId, secretAccessKey }: Keys): string {
  const agent = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      Response.json({
        ...{ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: "" },
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
  });
  scope.defer(() => agent.stop(true));
  return `http://127.0.0.1:${agent.port}/keys`;
}

const places: Readonly<Record<string, (scope: Scope, keys: Keys) => Record<string, string>>> = {
  "the variables of the AWS CLI": (_, { accessKeyId, secretAccessKey }) => ({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }),
  "its file": (scope, { accessKeyId, secretAccessKey }) => {
    const file = join(tempFolder(scope, "aws"), "credentials");
    const lines = ["[team]", `aws_access_key_id = ${accessKeyId}`];
    writeFileSync(file, [...lines, `aws_secret_access_key = ${secretAccessKey}`, ""].join("\n"));
    return { AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: "team" };
  },
  "the role of a container": (scope, keys) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: startAgent(scope, keys),
  }),
};

for (const [place, of] of Object.entries(places)) {
  clientTest(`the keys of a bucket come from ${place}`, goToolNeeds(versitygw), async (scope) => {
    const { bucket } = await startVersitygw(scope);
    if (bucket.credentials === null) throw new Error("the server has keys");
    const {
      BREADBOX_STORAGE_S3_ACCESS_KEY_ID: _,
      BREADBOX_STORAGE_S3_SECRET_ACCESS_KEY: __,
      ...named
    } = bucketEnvironment(bucket);
    const env = { ...named, BREADBOX_STORAGE_S3_REDIRECT: "on", ...of(scope, bucket.credentials) };
    const { url } = await startBreadbox(scope, { env });
    const bytes = new Uint8Array(100_000).fill(7);
    const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;

    const upload = `${url}/v2/app/blobs/uploads/?digest=${digest}`;
    const stored = await fetch(upload, { method: "POST", body: bytes });
    const pulled = await fetch(`${url}/v2/app/blobs/${digest}`);

    expect(stored.status).toBe(201);
    expect([pulled.redirected, await pulled.bytes()]).toEqual([true, bytes]);
  });
}
