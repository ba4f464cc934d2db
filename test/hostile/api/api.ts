// Requests that schemathesis makes of our own OpenAPI document: by the examples, at the borders of every schema, at random, and one after
// the other along the links it finds between operations. Each answer must be one that the document describes.
import { join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../../support/binary.ts";
import { buildImage, expectStatus, pullAll, pushImage } from "../../support/images.ts";
import { problemsOf } from "../../support/inspect.ts";
import { run, tempFolder } from "../../support/processes.ts";
import { type PythonTool, pythonTool } from "../../support/pythonTools.ts";
import type { Scope } from "../../support/scope.ts";
import { traceWrites, type WriteTrace } from "../../support/writes.ts";

/** Makes requests of an OpenAPI document, and judges the answers. */
export const schemathesis: PythonTool = {
  name: "schemathesis",
  requirements: join(import.meta.dir, "requirements.txt"),
};

/** How long, and as whom. */
export interface ApiPlan {
  readonly seed: string;
  readonly seconds: number;
  /** The server asks who somebody is, and schemathesis is an administrator. */
  readonly login: boolean;
}

/** What came of it. */
export interface ApiResult {
  /** Everything that schemathesis printed, which ends with its findings. */
  readonly output: string;
  /** Requests that were made. */
  readonly cases: number;
  /** Findings of the server's own: a log line that tells of a defect, an image that does not pull, what fsck complains of. */
  readonly problems: readonly string[];
  readonly isRight: boolean;
}

const password = "correct horse battery";
const image = buildImage({ seed: "hostile/api", layerSizes: [4000, 20] });
const bucket = "backups";
/** Only defects are logged. */
const quiet = { BREADBOX_LOG_LEVEL: "error" };

/** Starts a server with something in it, and asks it for so long. */
export async function askApi(scope: Scope, plan: ApiPlan): Promise<ApiResult> {
  const program = await pythonTool(schemathesis);
  const open = await startBreadbox(scope, { env: { ...quiet, BREADBOX_AUTH_MODE: "none" } });
  const seeded = await seedStore(open);
  await open.stop();
  const login = { BREADBOX_AUTH_MODE: "required", BREADBOX_ADMIN_PASSWORD: password };
  const env = { ...quiet, ...(plan.login ? login : { BREADBOX_AUTH_MODE: "none" }) };
  const server = await startBreadbox(scope, { data: open.data, env });
  const trace = Bun.which("strace") === null ? null : await traceWrites(scope, server.pid);
  const asked = await run(
    [
      ...[program, "--config-file", join(import.meta.dir, "schemathesis.toml"), "run"],
      ...[`${server.url}/swagger/json`, "--no-color", "--seed", plan.seed],
      ...["--max-time", String(plan.seconds)],
      ...(plan.login ? ["--auth", `admin:${password}`] : []),
    ],
    {
      cwd: tempFolder(scope, "schemathesis"),
      env: hooksWith(seeded),
      timeoutMs: longest(plan),
      mayFail: true,
    },
  );
  const written = await writtenOutside(trace, server.data);
  const problems = [...written, ...(await problemsAfter(server, plan))];
  return {
    output: asked.output,
    cases: Number(/(\d+) generated/.exec(asked.output)?.[1] ?? 0),
    problems,
    isRight: asked.code === 0 && problems.length === 0,
  };
}

/** The phases before the one at random end when they have asked everything. */
const longest = ({ seconds }: ApiPlan): number => (seconds + 300) * 1000;

const hooksWith = (seeded: object): Record<string, string> => ({
  BREADBOX_SEEDED: JSON.stringify(seeded),
  SCHEMATHESIS_HOOKS: "hooks",
  PYTHONPATH: import.meta.dir,
  PYTHONDONTWRITEBYTECODE: "1",
});

/** @returns values of path parameters: what is there now. */
async function seedStore({ url }: RunningRegistry) {
  const ask = async (status: number, path: string, init: RequestInit) =>
    expectStatus(await fetch(`${url}${path}`, init), status);
  const name = "team/app";
  await pushImage(`${url}/v2/${name}`, "1.0", image);
  await pushImage(`${url}/v2/${name}`, "2.0", image);
  await ask(201, "/v1/buckets", { method: "POST", body: JSON.stringify({ name: bucket }) });
  const object = "db/a.dump";
  await ask(201, `/v1/buckets/${bucket}/objects/${object}`, { method: "PUT", body: "a dump" });
  const session = await ask(202, `/v2/${name}/blobs/uploads/`, { method: "POST" });
  const body = JSON.stringify({ object });
  const path = `/v1/buckets/${bucket}/multipart-uploads`;
  const upload = await ask(201, path, { method: "POST", body });
  const idOf = ({ headers }: Response) => headers.get("location")?.split("/").at(-1);
  const blobs = image.blobs.map(({ digest }) => digest);
  return {
    name: [name],
    reference: ["1.0", "2.0", image.manifest.digest],
    digest: [image.manifest.digest, ...blobs],
    uploadId: [idOf(session), idOf(upload)],
    bucket: [bucket],
    object: [object],
    partNumber: ["1", "2"],
  };
}

/** @returns the first calls that touched a file outside of the data directory. */
async function writtenOutside(trace: WriteTrace | null, data: string): Promise<string[]> {
  const { outside = [] } = (await trace?.end(data)) ?? {};
  return outside.slice(0, 10).map((call) => `outside of the data directory: ${call}`);
}

/** What is wrong with the server behind all that, and with what it has stored. */
async function problemsAfter(server: RunningRegistry, { login }: ApiPlan): Promise<string[]> {
  const repository = `${server.url}/v2/team/after`;
  if (!login) {
    await pushImage(repository, "1.0", image);
    await pullAll(repository, "1.0");
  }
  const code = await server.stop();
  const logged = server.logs().split("\n");
  return [
    ...(code === 0 ? [] : [`the server ended with ${code}`]),
    ...logged.filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line)),
    ...(await problemsOf(server.data)),
  ];
}
