// The parameters that lists of images share.
import type { ListPage } from "../../images/pages.ts";
import { invalid, readLimit } from "./requests.ts";

const usualPage = 50;
/** Each row of a page may need a config to be read. */
const longestPage = 200;

/** @throws RegistryError PAGE_INVALID, REQUEST_INVALID */
export function readListPage<Sort extends string>(
  query: URLSearchParams,
  sorts: readonly [Sort, ...(readonly Sort[])],
): ListPage<Sort> {
  const named = query.get("sort") ?? sorts[0];
  const sort = sorts.find((each) => each === named);
  if (sort === undefined) throw invalid(`sort must be one of ${sorts.join(", ")}`);
  const order = query.get("order");
  if (order !== null && order !== "asc" && order !== "desc") {
    throw invalid("order must be asc or desc");
  }
  return {
    sort,
    // The largest and the latest are what is looked for.
    isDescending: order === null ? sort !== "name" : order === "desc",
    search: query.get("search"),
    after: query.get("after"),
    limit: readLimit(query, { usual: usualPage, longest: longestPage }),
  };
}

/** The same, for the link to the next page. */
export function listQueryOf({ sort, isDescending, search, limit }: ListPage<string>) {
  return { sort, order: isDescending ? "desc" : "asc", search, limit };
}
