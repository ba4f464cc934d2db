// What the pages about access have in common.
import type { Child } from "#jsx/jsx-runtime";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Layout } from "../layout.tsx";
import { Said, Tabs } from "../parts.tsx";

/** Pages about access. */
const tabs = [
  ["users", "Users", at.users],
  ["tokens", "Access tokens", at.tokens],
  ["rules", "Rules", at.rules()],
  ["trust", "Trusted issuers", at.trust],
  ["audit", "Audit trail", at.audit()],
] as const;
type Tab = (typeof tabs)[number][0];

interface AccessPageProps {
  readonly frame: Frame;
  readonly tab: Tab;
  readonly title: string;
  /** Why the last form was refused; null for none. */
  readonly said?: string | null;
  readonly children: Child;
}

/** A page below `/access`. */
export function AccessPage({ frame, tab, title, said = null, children }: AccessPageProps) {
  const { may } = frame.visitor;
  const seen = tabs.filter(([id]) => (id === "audit" ? may.audit : may.manage));
  return (
    <Layout frame={frame} title={title} section="access">
      <h1>{title}</h1>
      <Tabs label="Access" items={seen} current={tab} />
      <Said said={said} />
      {children}
    </Layout>
  );
}

/** Names of what may be allowed, to be ticked. */
const actions = ["pull", "push", "overwrite", "delete", "admin"] as const;

/** Pattern and actions of a grant. */
export function GrantFields({
  pattern,
  ticked,
}: {
  readonly pattern: string;
  readonly ticked: readonly string[];
}) {
  return (
    <>
      <label class="field">
        <span>
          Pattern <span class="muted small">lab/**, bucket:backups, server:metrics</span>
        </span>
        <input name="pattern" value={pattern} required />
      </label>
      <fieldset class="checks">
        <legend>Actions</legend>
        {actions.map((action) => (
          <label key={action}>
            <input type="checkbox" name="action" value={action} checked={ticked.includes(action)} />{" "}
            {action}
          </label>
        ))}
      </fieldset>
    </>
  );
}
