// The shapes of OpenAPI 3.0 that the documentation is written in. They come from Elysia, which takes them as a route's `detail`.
import type { DocumentDecoration } from "elysia";

type Plain<T> = Exclude<T, { readonly $ref: string }>;

/** A parameter, written out: the plugin does not follow references. */
export type Parameter = Plain<NonNullable<DocumentDecoration["parameters"]>[number]>;
/** A parameter of an operation. */
export type RequestBody = Plain<NonNullable<DocumentDecoration["requestBody"]>>;
/** Answers by status. */
export type Responses = Readonly<Record<string, Response>>;
/** One answer. */
export type Response = Plain<NonNullable<DocumentDecoration["responses"]>[string]>;
/** Headers of an answer by name. */
export type Headers = NonNullable<Response["headers"]>;
/** Bodies by media type. */
export type Content = NonNullable<Response["content"]>;

/** A command that does it, where the explorer would make a wrong one: it knows no files. */
export interface CodeSample {
  readonly lang: "shell";
  readonly label: string;
  readonly source: string;
}

/** An operation's documentation besides its id, tag and summary. */
export interface Documentation {
  /** Markdown. */
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Responses;
  readonly "x-codeSamples"?: readonly CodeSample[];
}

/** Groups of the explorer. */
export type Tag =
  | "registry"
  | "manifests"
  | "tags"
  | "blobs"
  | "uploads"
  | "buckets"
  | "objects"
  | "multipart"
  | "access"
  | "operations";
