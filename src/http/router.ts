// The path of a request → the operations of that path, and its values as texts. Pure. Paths in a repository are read from their end, so that
// names may contain `blobs`, `manifests`, `tags` and `uploads`; others from their beginning, and the name of an object or a trust rule is all of the rest.
import type { Method, Operation } from "./operation.ts";
import { isParameterName, type ParameterName } from "./parameters.ts";

/** All operations of one path. */
export interface Route {
  readonly path: string;
  readonly target: Operation["target"];
  readonly parameters: readonly ParameterName[];
  /** By method, in the order of `Allow`. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** The URL that Elysia's router sees for every request of this route: it leads there, and holds nothing of what was sent. */
  readonly url: string;
}

/** A route, and the texts of its parameters in their order. */
export interface Found {
  readonly route: Route;
  readonly texts: readonly string[];
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

/** Finds routes. @returns null when no path has this shape. */
export type Router = (path: string) => Found | null;

/** Any host of four letters or more serves: Elysia looks for the path behind it. */
const origin = "http://breadbox";

/** The routes of `operations`, in their order. */
export function routesOf(operations: readonly Operation[]): Route[] {
  return [...Map.groupBy(operations, ({ path }) => path)].map(([path, group]) => ({
    path,
    target: group[0]?.target ?? "server",
    parameters: [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
      if (!isParameterName(name)) throw new Error(`${path}: no reader for :${name}`);
      return name;
    }),
    operations: new Map(inOrder(group).map((operation) => [operation.method, operation])),
    url: origin + path,
  }));
}

/** As clients read it in `Allow`. */
const methodOrder: readonly Method[] = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];

function inOrder(group: readonly Operation[]): Operation[] {
  return group.toSorted((a, b) => methodOrder.indexOf(a.method) - methodOrder.indexOf(b.method));
}

/** Makes the router of `routes`. */
export function makeRouter(routes: readonly Route[]): Router {
  const named = routes.filter(({ parameters }) => parameters[0] === "name");
  const repositories = [...Map.groupBy(named, ({ path }) => path.slice(0, path.indexOf(":")))].map(
    ([before, group]) => ({ before, find: findInRepository(group, `${before}:name`.length) }),
  );
  const fixed = findFixed(routes.filter(({ parameters }) => parameters.length === 0));
  const others = routes.filter(
    ({ parameters }) => parameters.length > 0 && parameters[0] !== "name",
  );
  const forward = findForward(others);
  return (path) => {
    for (const { before, find } of repositories) {
      const found = path.startsWith(before) ? find(path.slice(before.length)) : null;
      if (found !== null) return found;
    }
    return fixed(path) ?? forward(path);
  };
}

/** A slash at the end may be left out, unless that is a path of its own. */
function findFixed(routes: readonly Route[]): Router {
  const found = (route: Route) => ({ route, texts: [] });
  const lenient = routes.filter(({ path }) => path.endsWith("/"));
  const byPath = new Map([
    ...lenient.map((route) => [route.path.slice(0, -1), found(route)] as const),
    ...routes.map((route) => [route.path, found(route)] as const),
  ]);
  return (path) => byPath.get(path) ?? null;
}

/**
 * Looks at what follows `/v2/`: its end without a value first, so that `…/blobs/uploads` is no digest.
 * @param nameEnds where `:name` ends in their paths.
 */
function findInRepository(routes: readonly Route[], nameEnds: number): Router {
  const ends = routes.flatMap((route) => {
    if (route.parameters.length > 1 || route.path.length === nameEnds) return [];
    const end = route.path.slice(nameEnds);
    return end.endsWith("/")
      ? [
          { end, route },
          { end: end.slice(0, -1), route },
        ]
      : [{ end, route }];
  });
  const bare = routes.find(({ path }) => path.length === nameEnds) ?? null;
  const words = routes
    .filter(({ parameters }) => parameters.length > 1)
    .map((route) => {
      const word = route.path.slice(nameEnds, route.path.lastIndexOf("/"));
      return { word, route };
    })
    .sort((a, b) => b.word.length - a.word.length);
  return (rest) => {
    for (const { end, route } of ends) {
      if (rest.endsWith(end)) return { route, texts: [rest.slice(0, -end.length)] };
    }
    const slash = rest.lastIndexOf("/");
    if (slash === -1) return findBare(bare, rest);
    const before = rest.slice(0, slash);
    for (const { word, route } of words) {
      if (!before.endsWith(word)) continue;
      return { route, texts: [before.slice(0, -word.length), rest.slice(slash + 1)] };
    }
    return findBare(bare, rest);
  };
}

/** The path of the repository itself. No part of a name is `-`: behind it is something else, that nothing was found for. */
function findBare(route: Route | null, rest: string): Found | null {
  return route === null || rest === "" || rest.includes("/-/") ? null : { route, texts: [rest] };
}

function findForward(routes: readonly Route[]): Router {
  const known = routes.map((route) => ({ route, segments: route.path.slice(1).split("/") }));
  return (path) => {
    const sent = path.slice(1).split("/");
    for (const { route, segments } of known) {
      const texts = textsOf(segments, sent);
      if (texts !== null) return { route, texts };
    }
    return null;
  };
}

/** Values that are all of the rest, slashes included. */
const openEnds: ReadonlySet<string> = new Set([":object", ":trust"]);

/** @returns null when `sent` is not of the form of `segments`. */
function textsOf(segments: readonly string[], sent: readonly string[]): string[] | null {
  const isOpen = openEnds.has(segments.at(-1) ?? "");
  if (isOpen ? sent.length < segments.length : sent.length !== segments.length) return null;
  const last = segments.length - 1;
  const parts = isOpen ? [...sent.slice(0, last), sent.slice(last).join("/")] : sent;
  const fits = segments.every((segment, at) =>
    segment.startsWith(":")
      ? parts[at] !== "" || mayBeEmpty(segment, at === last)
      : segment === parts[at],
  );
  return fits ? parts.filter((_, at) => segments[at]?.startsWith(":")) : null;
}

/** The grammar of an empty value explains the error, where the path shows that one was meant. */
function mayBeEmpty(segment: string, isLast: boolean): boolean {
  return segment === ":object" || segment === ":partNumber" || (segment === ":bucket" && !isLast);
}
