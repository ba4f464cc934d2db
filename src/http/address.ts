// The path of a request → address template and the texts in it. Pure; values are parsed by the front door.
// Read from the end, so that repository names may contain `blobs`, `manifests`, `tags` and `uploads`.
import { isTemplate, type Template } from "./operations.ts";

/** Addresses whose values are texts of their own: bucketAddress.ts reads the others. */
export type PlainTemplate = Exclude<Template, `/v1/buckets/:bucket${string}`>;

/** Where a path leads: still texts. `value` is the last segment where the template has a second parameter. */
export interface Address {
  readonly template: PlainTemplate;
  readonly name: string;
  readonly value: string;
}

/** Path and query of a request URL, absolute or (as Bun gives it for a bad Host) relative. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const origin = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (origin === -1) return { path: "/", query: "" };
  const mark = url.indexOf("?", origin);
  return mark === -1
    ? { path: url.slice(origin), query: "" }
    : { path: url.slice(origin, mark), query: url.slice(mark + 1) };
}

/** True for the registry's own part of the address space. */
export function isRegistryPath(path: string): boolean {
  return path === "/v2" || path.startsWith("/v2/");
}

/** @returns null when no address has this shape. */
export function findAddress(path: string): Address | null {
  if (!isRegistryPath(path)) return findOutside(path);
  if (path.length <= 4) return { template: "/v2/", name: "", value: "" };
  if (path === "/v2/_catalog") return { template: "/v2/_catalog", name: "", value: "" };
  return findInRepository(path.slice(4));
}

const gcRun = "/v1/gc/runs/";

/** Addresses outside of the registry's part: at most their last segment is a value. */
function findOutside(path: string): Address | null {
  if (path.startsWith(gcRun)) {
    const value = path.slice(gcRun.length);
    const isOne = value !== "" && !value.includes("/");
    return isOne ? { template: `${gcRun}:runId`, name: "", value } : null;
  }
  return isTemplate(path) && isPlain(path) ? { template: path, name: "", value: "" } : null;
}

function isPlain(template: Template): template is PlainTemplate {
  return !template.startsWith("/v1/buckets/");
}

const uploadsEnd = "/blobs/uploads";
const tagsEnd = "/tags/list";

function findInRepository(rest: string): Address | null {
  const slash = rest.lastIndexOf("/");
  const value = rest.slice(slash + 1);
  const before = rest.slice(0, Math.max(slash, 0));
  if (before.endsWith(uploadsEnd)) {
    const name = before.slice(0, -uploadsEnd.length);
    // `…/blobs/uploads/uploads` would be an id that no session has, whatever the name.
    return value === ""
      ? { template: "/v2/:name/blobs/uploads/", name, value }
      : { template: "/v2/:name/blobs/uploads/:uploadId", name, value };
  }
  if (rest.endsWith(uploadsEnd)) {
    return {
      template: "/v2/:name/blobs/uploads/",
      name: rest.slice(0, -uploadsEnd.length),
      value: "",
    };
  }
  if (rest.endsWith(tagsEnd)) {
    return { template: "/v2/:name/tags/list", name: rest.slice(0, -tagsEnd.length), value: "" };
  }
  if (before.endsWith("/manifests")) {
    return { template: "/v2/:name/manifests/:reference", name: before.slice(0, -10), value };
  }
  if (before.endsWith("/referrers")) {
    return { template: "/v2/:name/referrers/:digest", name: before.slice(0, -10), value };
  }
  if (before.endsWith("/blobs")) {
    return { template: "/v2/:name/blobs/:digest", name: before.slice(0, -6), value };
  }
  return null;
}

const wellFormedPath = /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)*\/?$/;
const dotSegment = /\/\.{1,2}(?:\/|$)/;

/** False for escapes, `\`, `;`, empty and dot segments, and anything outside of ASCII: no address has them. */
export function isWellFormed(path: string): boolean {
  return wellFormedPath.test(path) && !dotSegment.test(path);
}

/** Some HTTP libraries escape the colon of a digest; no other escape is understood. */
export function unescapeColon(text: string): string {
  return text.includes("%") ? text.replaceAll(/%3a/gi, ":") : text;
}

const beforeName = "/v2/:name".length;

/** The path as Elysia's routes read: the name, which must be valid by now, folded into one segment. */
export function canonicalPath({ template, name, value }: Address): string {
  if (name === "") return value === "" ? template : withValue(template, value);
  const folded = name.includes("/") ? name.replaceAll("/", "%2F") : name;
  const rest = template.slice(beforeName);
  return `/v2/${folded}${value === "" ? rest : withValue(rest, value)}`;
}

function withValue(template: string, value: string): string {
  return template.slice(0, template.lastIndexOf(":")) + value;
}
