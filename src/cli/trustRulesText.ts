// What `breadbox trust` prints: facts in, text out.
import type { Tool } from "../tool.ts";
import { day } from "./accessText.ts";
import { table } from "./table.ts";

type Listed = Awaited<ReturnType<Tool["trust"]["list"]>>[number];
type Added = NonNullable<Awaited<ReturnType<Tool["trust"]["add"]>>>;

/** What only the command knows. */
interface Typed {
  readonly place: string;
  readonly grants: readonly string[];
  /** `http.url`; empty when it is not set. */
  readonly url: string;
}

/** What was added, and what is left to do. */
export function addedText(rule: Added, { place, grants, url }: Typed): string {
  const { name, issuer, bound } = rule;
  const lines = [`Added the trust rule ${name}: ${grants.join(" ")} for jobs of ${issuer}.`];
  if (bound !== null && bound.value === null) {
    lines.push(
      `It takes the ${bound.claim} of the first job that comes as ${place}, and no other one from then on.`,
      `To name it now: breadbox trust rm ${name}, then add it again with --id ID.${idHint(rule, place)}`,
    );
  }
  const audience = url === "" ? "its own URL (see http.url)" : url;
  lines.push(
    `Jobs ask for an ID token for this server, with the audience ${audience}, and send it as password, with any user name.`,
  );
  if (grants.some((grant) => /:(?!.*\bpull\b).*\bpush\b/.test(grant))) {
    lines.push(
      "Note: most clients look whether a blob exists before they push it, and need pull as well.",
    );
  }
  return lines.join("\n");
}

function idHint({ kind, issuer }: Added, place: string): string {
  if (kind === "github") return ` The ID: gh api repos/${place} --jq .id`;
  if (kind === "gitlab") return " The ID is on the front page of the project.";
  const instance = issuer.replace(/\/api\/actions$/, "");
  return ` The ID: curl ${instance}/api/v1/repos/${place} (id)`;
}

/** Rules by name. */
export function trustRulesText(rules: readonly Listed[]): string {
  if (rules.length === 0)
    return "There are no trust rules: nobody comes in without a password or a token.";
  const rows = rules.map((rule) => [
    rule.name,
    rule.kind,
    rule.issuer,
    demandsText(rule),
    rule.grants.join(" "),
    day(rule.lastUsedAt, "never"),
  ]);
  return table([["NAME", "KIND", "ISSUER", "CLAIMS", "GRANTS", "LAST USE (UTC)"], ...rows]);
}

/** `repository=acme/app ref=refs/heads/main repository_id=42` */
function demandsText({ demands, bound, allowsPullRequests }: Listed): string {
  const texts = Object.entries(demands).map(([claim, values]) => `${claim}=${values.join("|")}`);
  if (bound !== null) texts.push(`${bound.claim}=${bound.value ?? "(of the first job)"}`);
  if (allowsPullRequests) texts.push("(pull requests, too)");
  return texts.join(" ");
}
