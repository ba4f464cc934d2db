// All pages about access.
import type { Operation } from "../../operation.ts";
import { auditPages } from "./audit.ts";
import { rulePages } from "./rules.ts";
import { tokenPages } from "./tokens.ts";
import { trustPages } from "./trust.ts";
import { userPages } from "./users.ts";

/** Below `/access`. */
export const accessPages: readonly Operation[] = [
  ...userPages,
  ...tokenPages,
  ...rulePages,
  ...trustPages,
  ...auditPages,
];
