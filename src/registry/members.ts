// The types of a manifest's members that Go can decode: docker, containerd and podman read the types of the OCI and
// Docker specifications with encoding/json, which refuses the whole document for one member. Pure.
import { RegistryError } from "../errors.ts";

/** A JSON object that came from outside; its members are unknown. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @returns `value` when it is a JSON object (not null, not an array). */
export function readObject(value: unknown): JsonObject | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value as JsonObject;
}

/** A MANIFEST_INVALID error about one field. */
export function invalidField(field: string, problem: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", {
    message: `manifest invalid: ${field} ${problem}`,
    detail: { field },
  });
}

/** Looks at a value that is not null: Go takes null for everything. @throws RegistryError MANIFEST_INVALID that names `field`. */
type Check = (value: unknown, field: string) => void;

/** Members with a meaning, by name. `judged`: their type is checked elsewhere, and only their spelling here. */
type Members = ReadonlyMap<string, Check | "judged">;

const text: Check = (value, field) => {
  if (typeof value !== "string") throw invalidField(field, "is not a text");
  // Go reads half a character as U+FFFD: another text than the one that is stored.
  if (!value.isWellFormed()) throw invalidField(field, "is not valid Unicode");
};

const texts: Check = (value, field) => {
  if (!Array.isArray(value)) throw invalidField(field, "is not a list of texts");
  const entries: readonly unknown[] = value;
  for (const [i, entry] of entries.entries()) if (entry !== null) text(entry, `${field}[${i}]`);
};

/** As Go's decoder, line ends are passed over. */
const base64: Check = (value, field) => {
  const encoded = typeof value === "string" ? value.replaceAll(/[\r\n]/g, "") : "?";
  if (encoded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return;
  throw invalidField(field, "is not a text in base64");
};

/** OCI image-spec, "Annotations". */
const annotations: Check = (value, field) => {
  const object = readObject(value);
  if (object === null) throw invalidField(field, "is not an object of texts");
  for (const name of Object.keys(object)) {
    const member = `${field}[${JSON.stringify(name.slice(0, 64))}]`;
    if (!name.isWellFormed()) throw invalidField(member, "is not valid Unicode");
    const value = object[name] ?? null;
    if (value !== null) text(value, member);
  }
};

const platformMembers: Members = new Map([
  ["architecture", text],
  ["os", text],
  ["os.version", text],
  ["os.features", texts],
  ["variant", text],
  ["features", texts],
]);

const platform: Check = (value, field) => {
  const object = readObject(value);
  if (object === null) throw invalidField(field, "is not an object");
  checkMembers(object, platformMembers, field);
};

/** OCI image-spec, "OCI Content Descriptors". */
const descriptorMembers: Members = new Map<string, Check | "judged">([
  ["mediaType", "judged"],
  ["digest", "judged"],
  ["size", "judged"],
  ["urls", texts],
  ["annotations", annotations],
  ["data", base64],
  ["artifactType", text],
  ["platform", platform],
]);

/** The caller refuses a value that is no descriptor. */
const descriptor: Check = (value, field) => {
  const object = readObject(value);
  if (object !== null) checkMembers(object, descriptorMembers, field);
};

const descriptors: Check = (value, field) => {
  if (!Array.isArray(value)) return;
  const entries: readonly unknown[] = value;
  for (const [i, entry] of entries.entries()) descriptor(entry, `${field}[${i}]`);
};

/** Of image manifests, indexes and artifact manifests together. */
const documentMembers: Members = new Map<string, Check | "judged">([
  ["schemaVersion", "judged"],
  ["mediaType", "judged"],
  ["artifactType", "judged"],
  ["fsLayers", "judged"],
  ["config", descriptor],
  ["subject", descriptor],
  ["layers", descriptors],
  ["blobs", descriptors],
  ["manifests", descriptors],
  ["annotations", annotations],
]);

/** @throws RegistryError MANIFEST_INVALID that names the member of `document` that Go would not take, or take for another one. */
export function assertDecodable(document: JsonObject): void {
  checkMembers(document, documentMembers, "");
}

/**
 * Passes members that `members` does not know, unless Go would take them for one that it does: it reads `Layers` as `layers`.
 * @param field the object's path; empty for the document.
 * @throws RegistryError MANIFEST_INVALID that names the member.
 */
function checkMembers(object: JsonObject, members: Members, field: string): void {
  for (const key of Object.keys(object)) {
    const check = members.get(key);
    if (check === undefined) refuseOtherSpelling(key, members, field);
    else if (check !== "judged") {
      const value = object[key] ?? null;
      if (value !== null) check(value, memberOf(field, key));
    }
  }
}

function memberOf(field: string, key: string): string {
  return field === "" ? key : `${field}.${key}`;
}

const longestName = 16;

function refuseOtherSpelling(key: string, members: Members, field: string): void {
  if (key.length > longestName) return;
  // Upper case first: it also folds the two letters outside of ASCII (U+017F, U+212A) that Go folds.
  const folded = key.toUpperCase().toLowerCase();
  for (const name of members.keys()) {
    if (name.length === folded.length && name.toLowerCase() === folded) {
      throw invalidField(memberOf(field, key), `has to be spelled ${name}`);
    }
  }
}
