// `breadbox user import`: users of an htpasswd file become users of the database, with the passwords they have.
import { readHtpasswd } from "./htpasswd.ts";
import { AccessInputError } from "./inputError.ts";
import type { ManageDeps } from "./manage.ts";
import { type Grant, parseName, ruleOf } from "./ruleInput.ts";

/** What came of an import. */
export interface ImportedUsers {
  readonly added: readonly string[];
  /** Names that users of the database have already: nothing was changed. */
  readonly here: readonly string[];
  /** Why lines or names were left out, in a sentence each. */
  readonly objections: readonly string[];
}

/** Each user gets the grants; who has a user of the same name here already gets nothing. @throws AccessInputError for a grant. */
export async function importUsers(
  { accounts, clock, newId, by }: Pick<ManageDeps, "accounts" | "clock" | "newId" | "by">,
  text: string,
  grants: readonly Grant[],
): Promise<ImportedUsers> {
  const { hashes, objections } = readHtpasswd(text);
  const outcome = { added: [] as string[], here: [] as string[], objections: [...objections] };
  const at = clock();
  const rulesOf = (name: string) =>
    grants.map((grant) => ruleOf({ ...grant, who: `user:${name}`, effect: "allow" }, at));
  // Before the first user is added: all of them get the same.
  rulesOf("anyone");
  for (const [name, passwordHash] of hashes) {
    const objection = objectionTo(name);
    if (objection !== null) {
      outcome.objections.push(objection);
      continue;
    }
    const user = { name, passwordHash, isAdmin: false, stamp: newId(), createdAt: at };
    const isNew = await accounts.addUser(user, { ...by, at });
    (isNew ? outcome.added : outcome.here).push(name);
    if (isNew) for (const rule of rulesOf(name)) await accounts.addRule(rule, { ...by, at });
  }
  return outcome;
}

function objectionTo(name: string): string | null {
  try {
    parseName(name);
    return null;
  } catch (error) {
    if (!(error instanceof AccessInputError)) throw error;
    return error.message;
  }
}
