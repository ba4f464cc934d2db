// The list of repositories.
import { listRepositoryRows, repositorySorts } from "../../images/repositories.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { readListPage } from "../v1/listQuery.ts";
import { viewerOf } from "../viewer.ts";
import { framed, sendPage } from "./answer.ts";

async function list(call: RequestContext, services: Services): Promise<Response> {
  const asked = readListPage(queryOf(call), repositorySorts);
  const page = await listRepositoryRows(services.images, viewerOf(call), asked);
  const { repositoriesPage } = await import("../../pages/repositories.tsx");
  const list = { ...asked, next: page.next };
  return sendPage(repositoriesPage(await framed(call, services), { list, page }));
}

/** `/repositories`. */
export const repositoriesOperations = operation({
  id: "getRepositoriesPage",
  method: "GET",
  path: "/repositories",
  action: "catalog",
  target: "server",
  needs: "own",
  tag: "registry",
  summary: "The page with all repositories",
  doc: null,
  handle: list,
});
