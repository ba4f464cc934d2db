// The examples for several servers: their own variables, commands and proxy, with addresses of this machine instead of containers' names.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { loadConfig } from "../../src/config/load.ts";
import { breadboxBinary, projectRoot, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { openContainers } from "../support/containerTools.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, type Image, writeLayout } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import {
  answers200,
  freePort,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import { answersHttp } from "../support/s3Server.ts";
import { Scope } from "../support/scope.ts";

const read = (name: string): string => readFileSync(join(projectRoot, "examples", name), "utf8");
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => Object(inner)[name], value);
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const envOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(Object(value)).map(([name, text]) => [name, String(text)]));

/** As Compose reads it: with the variables of `.env`, and `$$` for a dollar. */
function compose(secrets: Readonly<Record<string, string>>): unknown {
  const text = read("compose.replicas.yml").replaceAll(/\$\{(\w+):\?\}|\$\$/g, (found, name) =>
    name === undefined ? "$" : (secrets[name] ?? found),
  );
  return at(Bun.YAML.parse(text), "services");
}

const missing = goToolNeeds(versitygw);
const needs = {
  commands: ["haproxy", "skopeo"],
  reason: () => missing.reason?.() ?? postgresIsMissing(),
  timeoutMs: 600_000,
};
const secrets = { DATABASE_PASSWORD: "not-asked-for", S3_SECRET: "bread-and-butter" };

/** The example's S3 server. @returns its port. */
async function startS3(scope: Scope, services: unknown): Promise<number> {
  const [port, folder] = [freePort(), tempFolder(scope, "s3")];
  const program = await goTool(versitygw);
  const local = (text: string) =>
    text
      .replaceAll("/app/versitygw", program)
      .replaceAll("/data", folder)
      .replace(":7070", `127.0.0.1:${port}`);
  const words = [
    ...textsOf(at(services, "s3", "entrypoint")),
    ...textsOf(at(services, "s3", "command")),
  ];
  const { logs } = startProcess(scope, words.map(local), {
    ...{ log: join(folder, "..", `s3-${port}.log`), env: envOf(at(services, "s3", "environment")) },
  });
  await waitFor("the S3 server", () => answersHttp(port), { explain: logs });
  return port;
}

/** The example, as far as it can be without containers. */
async function startAll(scope: Scope) {
  const services = compose(secrets);
  const postgres = await startPostgres(scope);
  await postgres.createDatabase(String(at(services, "db", "environment", "POSTGRES_DB")));
  const [s3, port] = [await startS3(scope, services), freePort()];
  const start = (name: string) => {
    const env = envOf(at(services, name, "environment"));
    for (const [key, value] of Object.entries(env)) {
      env[key] = value
        .replace("@db/", `@127.0.0.1:${postgres.port}/`)
        .replace("http://s3:7070", `http://127.0.0.1:${s3}`)
        .replace("http://localhost:5000", `http://127.0.0.1:${port}`);
    }
    return startBreadbox(scope, { env }).then((registry) => ({ ...registry, env }));
  };
  const replicas = await Promise.all([start("registry-1"), start("registry-2")]);
  const folder = tempFolder(scope, "haproxy");
  const config = read("haproxy.cfg")
    .replace("bind :5000", `bind 127.0.0.1:${port}`)
    .replace("registry-1:5000", replicas[0].host)
    .replace("registry-2:5000", replicas[1].host);
  await Bun.write(join(folder, "haproxy.cfg"), config);
  const { logs } = startProcess(scope, ["haproxy", "-db", "-f", join(folder, "haproxy.cfg")], {
    log: join(folder, "log"),
  });
  const isReady = () => answers200(`http://127.0.0.1:${port}/readyz`);
  await waitFor("haproxy", isReady, { explain: logs });
  return { replicas, host: `127.0.0.1:${port}` };
}

clientTest(
  "the example for Compose serves pushes over any of its replicas",
  needs,
  async (scope) => {
    const { replicas, host } = await startAll(scope);
    const [first] = replicas;
    await run(
      [
        ...[await breadboxBinary(), "user", "add", "ann", "--admin", "--password-stdin"],
        ...["--data", first.data],
      ],
      { env: first.env, input: "correct horse battery\n" },
    );
    // Each replica knows of its first account within a second.
    const isClosed = async ({ url }: (typeof replicas)[number]) =>
      (await fetch(`${url}/v2/`)).status === 401;
    await waitFor("the login", async () =>
      (await Promise.all(replicas.map(isClosed))).every(Boolean),
    );
    const { skopeo } = openContainers(scope);
    const folder = tempFolder(scope, "layouts");
    const login = "ann:correct horse battery";
    const push = async (tag: string): Promise<Image> => {
      const image = buildImage({ seed: `replicas/${tag}`, layerSizes: [6_000_000, 40] });
      writeLayout(join(folder, tag), tag, image);
      const to = ["--dest-tls-verify=false", "--dest-creds", login];
      await skopeo(
        ...["copy", "--retry-times=5", ...to, `oci:${join(folder, tag)}:${tag}`],
        `docker://${host}/team/app:${tag}`,
      );
      return image;
    };
    const pull = (tag: string) =>
      skopeo(
        ...["copy", "--src-tls-verify=false", "--src-creds", login],
        ...[`docker://${host}/team/app:${tag}`, `oci:${join(folder, `${tag}-back`)}:${tag}`],
      );

    for (const tag of ["1", "2", "3"]) {
      await push(tag);
      await pull(tag);
    }
    const served = await Promise.all(
      replicas.map(async ({ url }) => {
        const headers = { authorization: `Basic ${btoa(login)}` };
        const text = await (await fetch(`${url}/metrics`, { headers })).text();
        return /^breadbox_http_requests_total\{operation="finishUpload"/m.test(text);
      }),
    );
    await first.kill9();
    await push("4");
    for (const tag of ["1", "4"]) await pull(tag);

    expect(served).toEqual([true, true]);
  },
);

test("the example for Compose runs this image, with variables that work", async () => {
  const services = compose(secrets);

  for (const name of ["registry-1", "registry-2"]) {
    expect(at(services, name, "image")).toBe(`${manifest.name}:${manifest.version}`);
    expect(at(services, name, "healthcheck", "test")).toEqual([
      ...["CMD", "/usr/bin/breadbox", "health"],
    ]);
    const env = envOf(at(services, name, "environment"));
    const { config, notices } = await loadConfig({ flags: {}, file: null, env, directory: "." });
    expect(notices).toEqual([]);
    expect(config).toMatchObject({ "storage.s3.bucket": "images" });
    expect(at(services, "s3", "entrypoint", "2")).toContain("mkdir -p /data/images");
  }
});

describe("the example for Kubernetes", () => {
  const documents = read("kubernetes.yml")
    .split(/^---$/m)
    .map((text): unknown => Bun.YAML.parse(text));
  const kind = (name: string) => documents.find((one) => at(one, "kind") === name);
  const deployment = kind("Deployment");
  const pod = at(deployment, "spec", "template", "spec");
  const container = at(pod, "containers", "0");

  test("runs this image, with variables that work", async () => {
    expect(at(container, "image")).toBe(`${manifest.name}:${manifest.version}`);
    const variables = at(container, "env");
    const env = Object.fromEntries(
      (Array.isArray(variables) ? variables : []).map((variable) => {
        const value = at(variable, "value") ?? "postgres://breadbox@db.example.com/breadbox";
        return [String(at(variable, "name")), String(value)];
      }),
    );
    const { config, notices } = await loadConfig({ flags: {}, file: null, env, directory: "." });
    expect(notices).toEqual([]);
    expect(config).toMatchObject({ "http.url": "https://registry.example.com" });
    const grace = Number(at(pod, "terminationGracePeriodSeconds"));
    const pause = Number(at(container, "lifecycle", "preStop", "sleep", "seconds"));
    expect(grace * 1000).toBeGreaterThan(config["http.shutdownGrace"] + pause * 1000);
  });

  test("finds its pods by the label that they have, and none by where they are", () => {
    const labels = { "app.kubernetes.io/name": "breadbox" };

    expect(at(deployment, "spec", "template", "metadata", "labels")).toEqual(labels);
    expect(at(deployment, "spec", "selector", "matchLabels")).toEqual(labels);
    expect(at(kind("Service"), "spec", "selector")).toEqual(labels);
    expect(at(kind("Service"), "spec", "sessionAffinity")).toBeUndefined();
    expect(at(kind("PodDisruptionBudget"), "spec", "selector", "matchLabels")).toEqual(labels);
    expect(at(kind("HorizontalPodAutoscaler"), "spec", "scaleTargetRef", "name")).toBe(
      at(deployment, "metadata", "name"),
    );
    expect(at(pod, "affinity")).toBeUndefined();
  });

  test("asks addresses that answer", async () => {
    await using scope = new Scope();
    const { url } = await startBreadbox(scope);
    for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
      const path = String(at(container, probe, "httpGet", "path"));
      expect((await fetch(url + path)).status).toBe(200);
    }
  });
});
