// Answers: their headers, and every failure with its example, taken from the table of errors.
import type { TObject } from "@sinclair/typebox";
import { RegistryError, type Situation } from "../../errors.ts";
import type { Content, Headers, RequestBody, Response, Responses } from "./types.ts";

/** A header that the answer always has. */
export const always = (description: string, example: string): Headers[string] => ({
  description,
  required: true,
  schema: { type: "string" },
  example,
});

/** A header that the answer has sometimes; the description says when. */
export const sometimes = (description: string, example: string): Headers[string] => ({
  description,
  schema: { type: "string" },
  example,
});

/** Bytes of any kind. */
export const bytes: Content[string] = { schema: { type: "string", format: "binary" } };

/** That a part of the answer can be asked for. */
export const acceptRanges: Headers = {
  "Accept-Ranges": always("Ranges of it can be requested.", "bytes"),
};

/** The answers to `Range`. @param headers of the whole, without its length. @param size of the example, bytes. */
export const rangeAnswers = (
  what: "blob" | "object",
  { size, headers, content }: RangedExample,
): Responses => ({
  206: {
    description:
      "The bytes that `Range` requests. Several ranges are sent as `multipart/byteranges`, one part each, in the order of the request; overlapping ranges become one.",
    headers: {
      ...headers,
      ...acceptRanges,
      "Content-Range": sometimes(
        "The position of these bytes and the whole size. With several ranges, each part has its own.",
        `bytes 0-1023/${size}`,
      ),
      "Content-Length": sometimes(
        "Bytes of the answer. Several ranges of more than 1 MiB are sent in chunks, without a length.",
        "1024",
      ),
    },
    content: {
      ...content,
      "multipart/byteranges": { ...bytes, example: "(a part for each range)" },
    },
  },
  416: {
    description: `Every range begins after the end of the ${what}. The answer has no body.`,
    headers: { "Content-Range": always("How many bytes there are.", `bytes */${size}`) },
  },
});

/** Content with ranges, as the explorer shows it. */
interface RangedExample {
  readonly size: number;
  readonly headers: Headers;
  readonly content: Content;
}

/** A JSON body that looks like `example`. */
export const jsonLike = (schema: Content[string]["schema"], example: unknown): Content => ({
  "application/json": { ...(schema !== undefined && { schema }), example },
});

/** A body that `schema` describes and checks; other members are refused. */
export const jsonBody = (
  description: string,
  { type, properties, required: names }: TObject,
  example: unknown,
  required = true,
): RequestBody => ({
  description,
  required,
  content: jsonLike(
    { type, ...(names && { required: names }), additionalProperties: false, properties },
    example,
  ),
});

/**
 * The answers to the failures an operation knows, one a status. Every operation may fail in the two ways that are added here: a
 * malformed `Host`, and a defect of the server.
 */
export function failures(...situations: readonly Situation[]): Responses {
  const errors = [...new Set<Situation>([...situations, "HOST_INVALID"])].map(
    (situation) => new RegistryError(situation),
  );
  const byStatus = Map.groupBy(errors, ({ status }) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [String(status), failure(status, group)]),
  );
}

/** The ways a repository's address may be wrong. */
export const inRepository = ["NAME_INVALID", "PATH_INVALID"] as const satisfies Situation[];
/** Situations that refuse writes. */
export const whileWriting = [
  "CROSS_SITE",
  "DISK_FULL",
  "READ_ONLY",
  "BUSY",
  "WRITES_DISABLED",
] as const satisfies Situation[];
/** Where rows or files are read. */
export const inside = ["UNKNOWN"] as const satisfies Situation[];

const mediaTypeOfErrors = "application/json";

const allowSaid =
  "The methods that this address still supports, when a setting or a manifest forbids the others.";

const untilSpace = "Seconds to wait when the disk is full.";

function failure(status: number, errors: readonly RegistryError[]): Response {
  const retried = status === 503 || status === 429;
  return {
    description: errors.map(({ code, message }) => `- \`${code}\`: ${message}`).join("\n"),
    ...(retried && { headers: { "Retry-After": always("Seconds to wait.", "5") } }),
    ...(status === 413 && { headers: { "Retry-After": sometimes(untilSpace, "30") } }),
    ...(status === 405 && { headers: { Allow: sometimes(allowSaid, "GET, HEAD") } }),
    content: {
      [mediaTypeOfErrors]: {
        schema: { $ref: "#/components/schemas/Errors" },
        examples: Object.fromEntries(errors.map((error) => [error.situation, example(error)])),
      },
    },
  };
}

function example({ code, message }: RegistryError) {
  return { summary: message, value: { errors: [{ code, message }] } };
}

/** `responses`, and those of a server that asks who somebody is. */
export function withLogin(responses: Responses): Responses {
  const refusals = Object.entries(failures("UNAUTHORIZED", "DENIED", "LOGINS_TOO_MANY"));
  const added = refusals.map(([status, refusal]) => [
    status,
    joined(responses[status] ?? {}, refusal),
  ]);
  return { ...responses, ...Object.fromEntries(added) };
}

/** Two descriptions of failures with one status. */
function joined(one: Partial<Response>, other: Response): Response {
  const [json, further] = [one.content, other.content].map(
    (content) => content?.[mediaTypeOfErrors],
  );
  const lines = new Set([...(one.description ?? "").split("\n"), ...other.description.split("\n")]);
  return {
    ...one,
    ...other,
    description: [...lines].filter((line) => line !== "").join("\n"),
    headers: { ...one.headers, ...other.headers },
    content: {
      [mediaTypeOfErrors]: { ...further, examples: { ...json?.examples, ...further?.examples } },
    },
  };
}

/** The same answers to a HEAD: status and headers. */
export function withoutBodies(responses: Responses): Responses {
  const bare = Object.entries(responses).map(([status, { content: _content, ...rest }]) => [
    status,
    rest,
  ]);
  return Object.fromEntries(bare);
}

/** `responses` and more headers for the answer with `status`. */
export function withHeaders(responses: Responses, status: string, headers: Headers): Responses {
  const answer = responses[status];
  if (answer === undefined) throw new Error(`no answer with status ${status}`);
  return { ...responses, [status]: { ...answer, headers: { ...answer.headers, ...headers } } };
}
