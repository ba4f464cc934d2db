// Every page for people, with addresses at which a store has something to show there. What is added to the table of operations is
// missing here until somebody writes down where it is.
import type { Operation } from "../../../src/http/operation.ts";
import { operations } from "../../../src/http/operations.ts";
import { checkWithProblems } from "./demoChecks.ts";

/** Operations that are no part of the API and draw no page: files, and ways to other addresses. */
const files: ReadonlySet<string> = new Set([
  ...["getFile", "getAsset", "getExplorerRedirect", "getExplorerScript", "getTryItScript"],
]);

/** Operations that draw a page when a browser asks. */
export const pageOperations: readonly Operation[] = operations.filter(
  ({ method, doc, id }) => method === "GET" && doc === null && !files.has(id),
);

/** The page of a server that has no administrator yet: it is gone once there is one. */
export const setupPage = "getSetup";

/** Addresses in the store of `openCheckedDemo`, by operation. */
export const addresses: Readonly<Record<string, readonly string[]>> = {
  getLogin: ["/login?next=/repositories"],
  getHome: ["/"],
  getRepositoriesPage: ["/repositories?search=team"],
  getRepositoryPage: ["/repositories/team/api"],
  getUntaggedPage: ["/repositories/team/web/-/untagged"],
  getImagePage: [
    "/repositories/team/api/-/images/1.8.0",
    "/repositories/charts/ingress/-/images/1.2.3",
    "/repositories/models/embedder/-/images/q4",
  ],
  getComparisonPage: ["/repositories/team/api/-/comparison?reference=1.7.0&reference=1.8.0"],
  getDeletionPage: [
    "/repositories/team/api/-/deletion?reference=1.0.0",
    "/repositories/team/api/-/deletion",
  ],
  getDeletedPage: ["/repositories/team/api/-/deleted?tags=1&manifests=3"],
  showBucketsPage: ["/buckets"],
  showBucketPage: ["/buckets/backups?prefix=2026%2F01%2F"],
  showUploadsPage: ["/server/uploads"],
  showGarbage: ["/server/garbage"],
  showChecksPage: ["/server/checks"],
  showCheckPage: [`/server/checks/${checkWithProblems}`],
  showAccount: ["/account"],
  showUsersPage: ["/access/users"],
  showUserPage: ["/access/users/ann"],
  showTokensPage: ["/access/tokens"],
  showRulesPage: ["/access/rules?who=ann&action=pull&resource=team/api"],
  showTrustPage: ["/access/trust"],
  showAuditPage: ["/access/audit"],
};

/** A page and where it is. */
export interface Addressed {
  readonly operation: Operation;
  readonly path: string;
}

/** All of them but the one to set the server up. */
export const pages: readonly Addressed[] = pageOperations.flatMap((operation) =>
  (addresses[operation.id] ?? []).map((path) => ({ operation, path })),
);

/** Who looks at a page. */
export type Visitor = "nobody" | "reader" | "administrator";

/** What a visitor of a server with accounts gets: the page, the login instead, or a page that says no. */
export function expected({ needs }: Operation, visitor: Visitor): "page" | "login" | "refusal" {
  if (visitor === "administrator" || needs === "nothing") return "page";
  if (visitor === "nobody") return "login";
  // It shows what the visitor may see.
  if (needs === "own" || needs === "login") return "page";
  const isReading = typeof needs === "object" && needs.right === "pull";
  return isReading && ["repository", "objects"].includes(needs.on) ? "page" : "refusal";
}

/** Pictures of the documentation, by name. */
export const pictures: Readonly<Record<string, string>> = {
  home: "/",
  login: "/login?next=/repositories",
  repositories: "/repositories",
  repository: "/repositories/team/api",
  untagged: "/repositories/team/web/-/untagged",
  tag: "/repositories/team/api/-/images/1.8.0",
  chart: "/repositories/charts/ingress/-/images/1.2.3",
  model: "/repositories/models/embedder/-/images/q4",
  comparison: "/repositories/team/api/-/comparison?reference=1.7.0&reference=1.8.0",
  plan: "/repositories/team/api/-/deletion?reference=1.0.0",
  buckets: "/buckets",
  bucket: "/buckets/backups?prefix=2026%2F01%2F",
  uploads: "/server/uploads",
  garbage: "/server/garbage",
  checks: "/server/checks",
  check: `/server/checks/${checkWithProblems}`,
  users: "/access/users",
  user: "/access/users/reader",
  tokens: "/access/tokens",
  rules: "/access/rules?who=reader&action=pull&resource=team/api",
  trust: "/access/trust",
  audit: "/access/audit",
};
