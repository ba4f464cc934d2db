// Shared by the pages about the server's work.
import type { RequestContext } from "../../requestContext.ts";

/** What their operations have in common. */
export const operating = {
  ...({ action: "operate", target: "server", tag: "operations" } as const),
  doc: null,
};

/** True for those who may start a collection, and end an upload. */
export const mayOperate = ({ rights }: RequestContext): boolean =>
  rights.may("admin", { kind: "server", area: "gc" });
