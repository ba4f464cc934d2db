// The documented answer of lists that come in pages.
import { jsonLike, sometimes } from "./answers.ts";
import { text, uncachedHeader } from "./gc.ts";
import type { Schema } from "./schemas.ts";
import type { Response } from "./types.ts";

/** A list in pages. */
export interface Listed {
  /** The member that holds the rows, and how the description calls them: `checks`. */
  readonly member: string;
  readonly schema: Schema;
  readonly example: unknown;
  /** Address of the list. */
  readonly path: string;
  /** What the next page of the example begins after. */
  readonly after: string;
}

/** A page, with the link to the next one. */
export const pageAnswer = ({ member, schema, example, path, after }: Listed): Response => ({
  description: `A page of ${member}.`,
  headers: {
    ...uncachedHeader,
    Link: sometimes(
      "The next page, when there is one (RFC 8288).",
      `<${path}?limit=1&after=${after}>; rel="next"`,
    ),
  },
  content: jsonLike(
    {
      type: "object",
      required: [member, "next"],
      properties: {
        [member]: { type: "array", items: schema },
        next: { ...text, nullable: true, description: "`after` of the next page" },
      },
    },
    { [member]: [example], next: null },
  ),
});
