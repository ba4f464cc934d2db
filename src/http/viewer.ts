// What a caller may see of images.
import { everything } from "../access/rights.ts";
import type { Viewer } from "../images/deps.ts";
import { visibleTo } from "./door.ts";
import type { RequestContext } from "./requestContext.ts";

/** For lists and details of images. Operators are those who may look at garbage collections. */
export function viewerOf(context: Pick<RequestContext, "rights">): Viewer {
  const maySee = visibleTo(context);
  return {
    maySee: maySee && ((repository) => maySee({ kind: "repository", repository })),
    seesSharing: context.rights.may("pull", { kind: "server", area: "gc" }),
  };
}

/** True for callers without a login on a server that has logins: names of people are not for them. */
export const isStranger = ({ rights }: Pick<RequestContext, "rights">): boolean =>
  rights !== everything && rights.principal.kind === "anonymous";
