// Documentation of what keeps content.
import { layerDigest, manifestDigest } from "./examples.ts";
import { array, boolean, integer, object, string } from "./schemas.ts";

const time = (description: string, more = {}) =>
  string({ format: "date-time", description, ...more });
const orNull = { nullable: true };

export const explanationSchema = object({
  digest: string(),
  is_manifest: boolean(),
  content: object(
    {
      size: integer({ format: "int64", description: "bytes" }),
      created_at: time("when it was stored"),
      damaged_at: time("since when its bytes are wrong or missing; null", orNull),
    },
    {
      nullable: true,
      description: "null: nothing is stored under the digest but a manifest, or nothing at all",
    },
  ),
  kept_by: array(
    object({
      repository: string(),
      tags: array(string(), {
        description: "names of the first manifest; none for an untagged one",
      }),
      more_tags: boolean(),
      manifests: array(
        object({
          digest: string(),
          media_type: string(),
          subject: string({ nullable: true, description: "what a referrer is about" }),
        }),
        { description: "from the top down; the last one names the content, or is it" },
      ),
    }),
  ),
  more_kept_by: boolean({ description: "there are more paths than these" }),
  objects: array(object({ bucket: string(), object: string() })),
  other_objects: integer({ description: "how many more there are" }),
  links: array(string(), { description: "repositories that serve it" }),
  more_links: boolean(),
  leased_until: time(
    "it is kept until then, because it was pushed, mounted or asked for; null",
    orNull,
  ),
  push: object(
    {
      repository: string(),
      since: time("when it began"),
      until: time("it is kept until then at the latest"),
    },
    { nullable: true, description: "a push that is going on and keeps it" },
  ),
  garbage: object(
    {
      since: time("nothing has kept it since then"),
      deletable_from: time("a collection deletes it from then on"),
    },
    { nullable: true, description: "null while something keeps it" },
  ),
  at: time("when this was true"),
});

export const explanationExample = {
  digest: layerDigest,
  is_manifest: false,
  content: { size: 2_811_478, created_at: "2026-01-01T02:00:00.000Z", damaged_at: null },
  kept_by: [
    {
      ...{ repository: "team/app", tags: ["1.0"], more_tags: false },
      manifests: [
        {
          digest: manifestDigest,
          media_type: "application/vnd.oci.image.manifest.v1+json",
          subject: null,
        },
      ],
    },
  ],
  ...{ more_kept_by: false, objects: [], other_objects: 0, links: ["team/app"], more_links: false },
  ...{ leased_until: null, push: null, garbage: null, at: "2026-01-01T03:00:00.000Z" },
};
