// The paths and operations of the API, and paths with values in them, for tests that ask all of them.
import type { Operation } from "../../../src/http/operation.ts";
import { routes } from "../../../src/http/operations.ts";

/** Every path, as the table spells it. */
export const paths: readonly string[] = routes.map(({ path }) => path);

/** Pages for people: no part of the API. */
export const isPage = (path: string): boolean =>
  /^\/(?:$|(?:theme|assets|repositories|buckets|access|account|server)(?:$|\/))/.test(path);

/** Methods of a path, in the order of `Allow`. */
export function methodsAt(path: string): readonly string[] {
  return [...(routes.find((route) => route.path === path)?.operations.keys() ?? [])];
}

/** @returns null when the path does not take the method. */
export function operationAt(path: string, method: string): Operation | null {
  return routes.find((route) => route.path === path)?.operations.get(method) ?? null;
}

const values: Readonly<Record<string, string>> = {
  ":name": "team/app",
  ":reference": "latest",
  ":digest": `sha256:${"0".repeat(64)}`,
  ":uploadId": "01a1f7e5-93cb-728c-8028-5a61b9c8f780",
  ":hook": "deploy",
  ":checkId": "01a1f7e6-5c2d-7a41-8e35-7b1d4c2f8a66",
  ":runId": "01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55",
  ":bucket": "backups",
  ":object": "path/to/file.bin",
  ":partNumber": "1",
  ":asset": "page.css",
  ":user": "ann",
  ":token": "ci",
  ":rule": "7",
  ":trust": "acme/app",
};

/** The address with a value for each parameter. @param own values instead of the usual ones. @throws Error for a parameter that has none. */
export function fill(template: string, own: Readonly<Record<string, string>> = {}): string {
  return template.replaceAll(/:[a-zA-Z]+/g, (parameter) => {
    const value = own[parameter] ?? values[parameter];
    if (value === undefined) throw new Error(`no value for ${parameter}`);
    return value;
  });
}
