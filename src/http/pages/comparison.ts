// Two tags side by side.
import { compareImages } from "../../images/compare.ts";
import { readReference } from "../../model/names.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid } from "../v1/requests.ts";
import { viewerOf } from "../viewer.ts";
import { framed, sendPage } from "./answer.ts";

const address = "/repositories/:name/-/comparison";

async function compare(call: Call<typeof address>, services: Services): Promise<Response> {
  const { name: repository } = call.params;
  const query = queryOf(call);
  const asked = query.getAll("reference").map((text) => text.trim());
  const [from, to, ...more] = asked;
  if (from === undefined || to === undefined || more.length > 0) {
    throw invalid(`${asked.length} were selected: a comparison takes two`);
  }
  const keyOf = (text: string) => {
    const reference = readReference(text);
    if (reference === null) throw invalid(`${JSON.stringify(text)} is neither a tag nor a digest`);
    return { repository, reference };
  };
  const comparison = await compareImages(services.images, viewerOf(call), {
    from: keyOf(from),
    to: keyOf(to),
    platform: query.get("platform"),
  });
  const { comparisonPage } = await import("../../pages/comparison.tsx");
  const view = { repository, references: [from, to] as const, comparison };
  return sendPage(comparisonPage(await framed(call, services), view));
}

/** `/repositories/<name>/-/comparison?reference=<a>&reference=<b>`. */
export const comparisonPageOperations = operation({
  id: "getComparisonPage",
  method: "GET",
  path: address,
  action: "pull",
  target: "repository",
  needs: { right: "pull", on: "repository" },
  tag: "manifests",
  summary: "The page that compares two tags",
  doc: null,
  handle: compare,
});
