// A server with one image in it, and what has to hold after any bad request: a clean answer, nothing stored, still serving.
import { expect, test } from "bun:test";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { bytes, configType, layerType, ociImage } from "../registry/builders.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { type RawAnswer, request, type TalkOptions, talk } from "../support/rawHttp.ts";

/** A running server that the cases talk to. */
export interface Target {
  readonly port: number;
  /** The data directory. */
  readonly data: string;
}

/** One bad request and the answer it has to get. */
export interface BadInput {
  /** What is wrong, completing the sentence "… is answered with …". */
  readonly what: string;
  /** The bytes; a function when they need a session that was opened before. */
  readonly send: Sent | ((target: Target) => Promise<Sent>);
  readonly status: number;
  /** Code of the OCI envelope; null where the runtime answers on its own before our code runs. */
  readonly code: string | null;
  readonly talk?: TalkOptions;
  /** Headers the answer has to carry. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  /** What the message has to say. */
  readonly says?: string | RegExp;
}

type Sent = Buffer | readonly (string | Uint8Array)[];

export const config = bytes('{"architecture":"amd64","os":"linux"}');
export const layer = bytes("layer bytes ".repeat(100));
export const configDigest = digestOf(config);
export const layerDigest = digestOf(layer);
export const manifest = bytes({
  schemaVersion: 2,
  mediaType: ociImage,
  config: { mediaType: configType, digest: configDigest, size: config.byteLength },
  layers: [{ mediaType: layerType, digest: layerDigest, size: layer.byteLength }],
});
export const manifestDigest = digestOf(manifest);
/** The repository that holds the image, under the tag `good`. */
export const repository = "team/app";

/** Pushes the image. */
export async function seed({ port }: Target): Promise<void> {
  for (const blob of [config, layer]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`;
    expect((await ask(port, request(`POST ${path}`, [], blob))).status).toBe(201);
  }
  const put = request(
    `PUT /v2/${repository}/manifests/good`,
    [["Content-Type", ociImage]],
    manifest,
  );
  expect((await ask(port, put)).status).toBe(201);
}

/** One request, one answer. */
export async function ask(port: number, sent: Buffer, options?: TalkOptions): Promise<RawAnswer> {
  const { answers } = await talk(port, [sent], options);
  const [answer] = answers;
  if (answer === undefined) throw new Error("the server closed the connection without an answer");
  return answer;
}

/** Opens an upload session. @returns its path. */
export async function openSession({ port }: Target): Promise<string> {
  const answer = await ask(port, request(`POST /v2/${repository}/blobs/uploads/`, [], ""));
  expect(answer.status).toBe(202);
  const location = answer.headers.get("location") ?? "";
  expect(location).toStartWith("/v2/");
  return location;
}

/** A request to a session that is opened for it. */
export const inSession =
  (method: string, query: string, headers: [string, string][], content = "hello") =>
  async (target: Target) =>
    request(`${method} ${await openSession(target)}${query}`, headers, content);

/** The one error in an `errors` envelope of the OCI specification. */
export function readEnvelope(answer: RawAnswer): { code: string; message: string } {
  expect(answer.headers.get("content-type")).toBe("application/json");
  const { errors } = JSON.parse(answer.body.toString("utf8")) as { errors: unknown };
  if (!Array.isArray(errors) || errors.length !== 1) throw new Error("not one error");
  const { code, message } = errors[0] as { code: unknown; message: unknown };
  expect(code).toMatch(/^[A-Z_]+$/);
  expect(message).toMatch(/\S/);
  return { code: String(code), message: String(message) };
}

/** What only the inside has, and a page that is none of ours. */
const leaks =
  /node_modules|bun:|\.ts\b|\bat [^ ]+ \([^)]*:\d|:\d+:\d+\)|SELECT |INSERT |SQLITE|SQLite|sqlite|\/tmp\/|\/home\/|\/root\/|breadbox\.db|<html(?![\s\S]*Breadbox<\/title>)/;

/** Nothing of the inside shows in an answer. */
export function expectNoLeak(answer: RawAnswer, data: string): void {
  const text = `${[...answer.headers].map((pair) => pair.join(": ")).join("\n")}\n${answer.body.toString("latin1")}`;
  expect(text).not.toContain(data);
  expect(text.match(leaks)?.[0]).toBeUndefined();
}

/** Everything a bad request must leave as it was. */
export interface Stored {
  readonly blobs: readonly string[];
  readonly catalog: string;
  readonly tags: string;
  readonly manifest: string;
}

/** Reads back what is stored; also shows that the server still serves. */
export async function stored({ port, data }: Target): Promise<Stored> {
  const get = async (path: string) => {
    const answer = await ask(port, request(`GET ${path}`));
    expect(answer.status).toBe(200);
    return answer.body.toString("latin1");
  };
  const blobs = await storedFiles(data);
  return {
    blobs,
    catalog: await get("/v2/_catalog"),
    tags: await get(`/v2/${repository}/tags/list`),
    manifest: await get(`/v2/${repository}/manifests/good`),
  };
}

/** Declares one test for each case. */
export function refuses(target: () => Target, cases: readonly BadInput[]): void {
  for (const bad of cases) {
    test(`${bad.what} is answered with ${bad.status} ${bad.code ?? "by the runtime"}`, () =>
      refuse(target(), bad));
  }
}

/** Sends it, and looks at the answer and at what is stored. */
export async function refuse(target: Target, bad: BadInput): Promise<void> {
  const send = typeof bad.send === "function" ? await bad.send(target) : bad.send;
  const before = await stored(target);

  const pieces = Buffer.isBuffer(send) ? [send] : send;
  const { answers, closed } = await talk(target.port, pieces, bad.talk);

  const [answer] = answers;
  if (answer === undefined) throw new Error(`no answer; closed: ${closed}`);
  expect(answer.status).toBe(bad.status);
  expectNoLeak(answer, target.data);
  if (bad.code !== null && bad.talk?.head !== true) expectError(answer, bad);
  for (const [name, value] of Object.entries(bad.headers ?? {})) {
    expect(answer.headers.get(name) ?? "").toMatch(value);
  }
  expect(await stored(target)).toEqual(before);
}

function expectError(answer: RawAnswer, { code, says }: BadInput): void {
  const error = readEnvelope(answer);
  expect(error.code).toBe(code ?? "");
  if (says !== undefined) expect(error.message).toMatch(says);
}

/** A digest that no content here has. */
export const strangeDigest: Digest = digestOf(bytes("nobody has this"));
