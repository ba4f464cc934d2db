// Objects that are put by forms, without a script: a file, or content that a repository holds. By the functions of `/v1/buckets`.
import { RegistryError } from "../../errors.ts";
import type { Precondition } from "../../metadata/objects.ts";
import { parseDigest } from "../../model/digest.ts";
import { readRepositoryName } from "../../model/names.ts";
import { type ObjectKey, parseObjectName } from "../../model/objectNames.ts";
import type { LinkSource } from "../../objects/link.ts";
import { type ObjectBytes, putObject } from "../../objects/put.ts";
import { at } from "../../pages/addresses.ts";
import { logPut } from "../../telemetry/objectEvents.ts";
import { authorOf, whoAsked } from "../author.ts";
import { openBody } from "../body.ts";
import { assertMay, linkRights, replacing } from "../door.ts";
import { boundaryOf, readFileForm } from "../fileForm.ts";
import { assertNotEncoded } from "../headers.ts";
import type { Call } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { readMediaType, unknownType } from "../v1/printObject.ts";
import { seeOther } from "./answer.ts";
import { readForm } from "./forms.ts";

/** An object as a form names it. */
interface FormPut extends ObjectKey {
  readonly contentType: string;
  readonly replaces: boolean;
  readonly source: ObjectBytes | LinkSource;
}

/** Stores the file of a form. @throws RegistryError, for a form that is refused */
export async function putFile(
  call: Call<"/buckets/:bucket">,
  services: Services,
): Promise<Response> {
  assertNotEncoded(call.request.headers);
  const boundary = boundaryOf(call.request.headers);
  const body = openBody(call, services.maxBodyBytes, services.pace);
  const form = body === null ? null : await readFileForm(body, boundary);
  const file = form?.file ?? null;
  if (file === null || file.name === "") throw refused("choose a file first");
  return store(call, services, {
    ...keyOf(call, file.name),
    contentType: typeOf(file.contentType),
    replaces: form?.fields.has("replace") === true,
    source: { kind: "bytes", body: file.body, length: null, digests: [] },
  });
}

/** Makes an object of content that a repository holds. @throws RegistryError, for a form that is refused */
export async function linkContent(
  call: Call<"/buckets/:bucket">,
  services: Services,
): Promise<Response> {
  const form = await readForm(call, services);
  const text = (name: string) => form.get(name)?.trim() ?? "";
  const key = keyOf(call, text("name"));
  const repository = readRepositoryName(text("repository"));
  if (repository === null) throw refused("this is no name of a repository");
  const source: LinkSource = { kind: "link", repository, digest: parseDigest(text("digest")) };
  const replaces = form.has("replace");
  return store(call, services, { ...key, contentType: unknownType, replaces, source });
}

const refused = (message: string) => new RegistryError("REQUEST_INVALID", { message });

/** In the folder whose page has the form. */
const keyOf = (call: Call<"/buckets/:bucket">, name: string): ObjectKey => ({
  bucket: call.params.bucket,
  object: parseObjectName((queryOf(call).get("prefix") ?? "") + name),
});

/** What a browser says of a file, unless no header can hold it. */
function typeOf(contentType: string | null): string {
  try {
    return readMediaType(contentType || unknownType);
  } catch {
    return unknownType;
  }
}

async function store(
  call: RequestContext,
  { objects, telemetry }: Services,
  { bucket, object, contentType, replaces, source }: FormPut,
): Promise<Response> {
  const resource = { kind: "object", bucket, object } as const;
  assertMay(call, "push", resource);
  const { record } = await putObject(objects, {
    ...{ bucket, object, contentType },
    allows: replaces ? replacing({ rights: call.rights, subject: resource }, always) : onlyNew,
    receive: async () => source,
    rights: linkRights(call),
    by: authorOf(call),
  });
  logPut(telemetry.log, { ...record, ...whoAsked(call) }, null);
  const prefix = object.slice(0, object.lastIndexOf("/") + 1);
  return seeOther(at.bucket(bucket, { prefix: prefix || null }));
}

const always: Precondition = () => true;
const onlyNew: Precondition = (current) => {
  if (current === null) return true;
  throw new RegistryError("PRECONDITION_FAILED", {
    message: "there is an object of this name; tick “Replace” to put another one in its place",
  });
};
