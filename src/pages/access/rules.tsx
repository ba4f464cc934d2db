// Rules: the list, the form for another one, and the answer to who may do what.
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Badge, ConfirmedForm, Field, NextPage, Notice, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { AccessPage, GrantFields } from "./tabs.tsx";

/** A rule. */
export interface ShownRule {
  readonly id: number;
  readonly who: string;
  readonly effect: "allow" | "deny";
  readonly pattern: string;
  /** With commas in between. */
  readonly actions: string;
}

/** A question and its answer. */
export interface Asked {
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  /** null while nothing was asked. */
  readonly verdict: { readonly isAllowed: boolean; readonly why: string } | null;
}

/** What the page shows. */
export interface RulesList {
  readonly rules: readonly ShownRule[];
  readonly next: string | null;
  readonly said: string | null;
  readonly asked: Asked;
  /** What was typed, when the form was refused. */
  readonly typed: {
    readonly who: string;
    readonly effect: string;
    readonly pattern: string;
    readonly actions: readonly string[];
  };
}

/** The page. */
export function rulesPage(frame: Frame, { rules, next, said, asked, typed }: RulesList): string {
  return render(
    <AccessPage frame={frame} tab="rules" title="Rules" said={said}>
      <h2>Who may do what?</h2>
      <Question asked={asked} />
      <h2>All rules</h2>
      <p class="muted">
        What no rule allows is denied. Administrators need no rules. Rules about one user, token or
        workload come first, then those about <code>authenticated</code>, then those about{" "}
        <code>anonymous</code>; where the first of them says both, deny wins.
      </p>
      {rules.length === 0 ? <p class="empty">There are no rules.</p> : <Rules rules={rules} />}
      <NextPage href={next} />
      <h2>Add a rule</h2>
      <form method="post" action={at.rules()}>
        <div class="fields">
          <Field label="Effect">
            <select name="effect">
              <option value="allow" selected={typed.effect !== "deny"}>
                allow
              </option>
              <option value="deny" selected={typed.effect === "deny"}>
                deny
              </option>
            </select>
          </Field>
          <Field label="Who" hint="a user, token:NAME, authenticated, anonymous">
            <input name="who" value={typed.who} required />
          </Field>
        </div>
        <GrantFields pattern={typed.pattern} ticked={typed.actions} />
        <button type="submit" class="primary">
          Add the rule
        </button>
      </form>
    </AccessPage>,
  );
}

function Question({ asked: { who, action, resource, verdict } }: { readonly asked: Asked }) {
  return (
    <>
      <form action={at.rules()} class="fields">
        <Field label="May">
          <input name="who" value={who} placeholder="ann" required />
        </Field>
        <Field label="do">
          <select name="action">
            {["pull", "push", "overwrite", "delete", "admin"].map((each) => (
              <option key={each} selected={each === action}>
                {each}
              </option>
            ))}
          </select>
        </Field>
        <Field label="on">
          <input name="resource" value={resource} placeholder="lab/app" required />
        </Field>
        <button type="submit">Ask</button>
      </form>
      {verdict === null ? null : (
        <Notice tone={verdict.isAllowed ? "good" : "bad"}>
          <p role="status">
            <strong>{verdict.isAllowed ? "Allowed" : "Denied"}</strong>: {verdict.why}
          </p>
        </Notice>
      )}
    </>
  );
}

function Rules({ rules }: { readonly rules: readonly ShownRule[] }) {
  return (
    <Table
      label="Rules"
      head={
        <>
          <th scope="col" class="number">
            Rule
          </th>
          <th scope="col">Effect</th>
          <th scope="col">Who</th>
          <th scope="col">Pattern</th>
          <th scope="col">Actions</th>
          <th scope="col">Remove</th>
        </>
      }
    >
      {rules.map(({ id, who, effect, pattern, actions }) => (
        <tr key={id}>
          <th scope="row" class="number">
            {id}
          </th>
          <td>
            <Badge tone={effect === "allow" ? "good" : "bad"}>{effect}</Badge>
          </td>
          <td>{who}</td>
          <td>
            <code>{pattern}</code>
          </td>
          <td>{actions.replaceAll(",", ", ")}</td>
          <td>
            <ConfirmedForm label="Remove" action={`${at.rules()}/remove`} name="id" value={id}>
              Remove rule {id}
            </ConfirmedForm>
          </td>
        </tr>
      ))}
    </Table>
  );
}
