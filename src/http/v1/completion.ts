// Completing an upload: the list of its parts is read here, and the object is printed.

import { RegistryError } from "../../errors.ts";
import { type Digest, readDigest } from "../../model/digest.ts";
import { completeMultipart } from "../../objects/completion.ts";
import type { NamedPart } from "../../objects/partList.ts";
import { preconditionOf } from "../../objects/preconditions.ts";
import { logPut } from "../../telemetry/objectEvents.ts";
import { json } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { readConditions } from "../conditions.ts";
import { always, failures, inside, jsonBody, jsonLike, whileWriting } from "../docs/answers.ts";
import { ofUpload, uploadIdParameter, uploadUrl, whileCompleting } from "../docs/multipart.ts";
import {
  bucket as bucketParameter,
  curl,
  jsonHeader,
  objectDigest,
  objectSchema,
  printedObject,
  putConditions,
  uncached as uncachedHeader,
} from "../docs/objectStore.ts";
import { completion as completionBody, exampleList } from "../docs/parts.ts";
import { replacing } from "../door.ts";
import { etagOf } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import type { Services } from "../services.ts";
import { assertMembers } from "./known.ts";
import { printObject, secondsOf } from "./printObject.ts";
import { isMembers, readBody, uncached } from "./requests.ts";

const upload = "/v1/buckets/:bucket/multipart-uploads/:uploadId";
const completion = `${upload}/complete` as const;

/** Most bytes of one entry of a list, as this API prints it, with some for spaces. */
const longestEntry = 256;

const longestRest = 4096;

/** A list that was printed here may be sent back as it is. */
const membersOfPart = ["part_number", "etag", "size_bytes", "created_at"];

function readPart(entry: unknown): NamedPart {
  if (!isMembers(entry)) throw badList("each part must be an object with part_number and etag");
  assertMembers(entry, membersOfPart);
  const { part_number: number, etag } = entry;
  if (typeof number !== "number") throw badList("each part must have a part_number");
  if (typeof etag !== "string" || etag === "") throw badList(`part ${number} must have an etag`);
  return { number, etag };
}

/** @throws RegistryError DIGEST_INVALID: objects are known by one algorithm. */
function readWhole(digest: unknown): Digest {
  const read = typeof digest === "string" ? readDigest(digest) : null;
  if (read?.startsWith("sha256:")) return read;
  throw new RegistryError("DIGEST_INVALID", {
    message: "digest must be sha256:<64 lower-case hex>",
  });
}

function badList(message: string): RegistryError {
  return new RegistryError("PART_LIST_INVALID", { message });
}

async function complete(
  call: Call<typeof completion>,
  { objects, telemetry, pace }: Services,
): Promise<Response> {
  const { bucket, uploadId } = call.params;
  const longest = objects.limits.maxParts * longestEntry + longestRest;
  const body = await readBody(call, completionBody, {
    longest,
    pace,
    otherwise: "PART_LIST_INVALID",
  });
  const { record, isRepeated } = await completeMultipart(objects, {
    parts: body.parts.map(readPart),
    digest: body.digest === undefined ? null : readWhole(body.digest),
    key: { bucket, id: uploadId },
    allows: replacing(call, preconditionOf(readConditions(call.request.headers))),
    by: authorOf(call),
  });
  if (!isRepeated) telemetry.metrics.multipart.completed(secondsOf(call));
  logPut(telemetry.log, { ...record, ...whoAsked(call) }, uploadId);
  return json(printObject(record), { headers: { ...uncached, etag: etagOf(record.digest) } });
}

/** POST of `…/multipart-uploads/<id>/complete`. */
export const completionOperations = [
  ...operation({
    id: "completeMultipartUpload",
    method: "POST",
    path: completion,
    action: "push",
    target: "bucket",
    needs: { right: "push", on: "upload" },
    tag: "multipart",
    summary: "Complete an upload",
    handle: complete,
    doc: () => ({
      description: `Makes an object of the parts that are named; others are dropped. The object has its name at once and whole, in the place of one that had it before. From the request on the parts are frozen; whatever it fails for, the upload stays open with all of them.

Much of the work is done while the parts arrive, so that this costs little more than the last one. The same request, sent again because its answer was lost, is answered the same for a quarter of an hour.`,
      parameters: [bucketParameter, uploadIdParameter, ...putConditions],
      requestBody: jsonBody(
        "The parts in rising order, each with the etag from its answer.",
        completionBody,
        { parts: exampleList },
      ),
      responses: {
        200: {
          description: "The object is stored. The upload has ended.",
          headers: {
            ...uncachedHeader,
            ETag: always("Digest of the object.", `"${objectDigest}"`),
          },
          content: jsonLike(objectSchema, printedObject),
        },
        ...whileCompleting(
          failures(
            ...(["PART_LIST_INVALID", "REQUEST_INVALID", "DIGEST_INVALID"] as const),
            ...ofUpload,
            ...([
              "PART_UNKNOWN",
              "PART_DIFFERS",
              "MULTIPART_STATE",
              "MULTIPART_COMPLETING",
            ] as const),
            ...(["PRECONDITION_FAILED", "BODY_TOO_LARGE", "BODY_TOO_SLOW"] as const),
            ...(["ENCODING_UNSUPPORTED", ...whileWriting, ...inside] as const),
          ),
        ),
      },
      "x-codeSamples": [
        curl(
          "Complete with curl",
          jsonHeader,
          `--data '${JSON.stringify({ parts: exampleList })}'`,
          `${uploadUrl}/complete`,
        ),
      ],
    }),
  }),
];
