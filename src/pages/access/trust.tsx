// Trusted issuers: whose CI jobs come in without a secret.
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, ConfirmedForm, Field, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { AccessPage, GrantFields } from "./tabs.tsx";

/** A trust rule. Times are Unix ms. */
export interface ShownTrust {
  readonly name: string;
  readonly kind: string;
  readonly issuer: string;
  /** `CLAIM=VALUE` */
  readonly claims: readonly string[];
  /** The id of the repository; null until the first job came, or where there is none. */
  readonly boundTo: string | null;
  readonly grants: readonly string[];
  readonly lastUsedAt: number | null;
}

/** What was typed, when the form was refused. */
export interface TypedTrust {
  readonly kind: string;
  readonly place: string;
  readonly issuer: string;
  readonly id: string;
  readonly ref: string;
  readonly claim: string;
  readonly pattern: string;
  readonly actions: readonly string[];
}

const kinds = [
  ["github", "GitHub"],
  ["gitlab", "GitLab"],
  ["forgejo", "Forgejo"],
  ["kubernetes", "Kubernetes"],
  ["oidc", "another issuer"],
] as const;

/** The page. */
export function trustPage(
  frame: Frame,
  {
    trust,
    said,
    typed,
  }: {
    readonly trust: readonly ShownTrust[];
    readonly said: string | null;
    readonly typed: TypedTrust;
  },
): string {
  return render(
    <AccessPage frame={frame} tab="trust" title="Trusted issuers" said={said}>
      <p class="muted">
        CI jobs log in with the ID token that their system signs for them, so that no secret has to
        be stored there.
      </p>
      {trust.length === 0 ? <p class="empty">No issuer is trusted.</p> : null}
      {trust.length === 0 ? null : <Rules frame={frame} trust={trust} />}
      <h2>Trust the jobs of a repository</h2>
      <form method="post" action={at.trust}>
        <div class="fields">
          <Field label="Issuer">
            <select name="kind">
              {kinds.map(([kind, name]) => (
                <option key={kind} value={kind} selected={kind === typed.kind}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Repository" hint="OWNER/NAME, NAMESPACE/ACCOUNT, or the issuer's URL">
            <input name="place" value={typed.place} required />
          </Field>
          <Field label="Id of the repository" hint="empty: that of the first job">
            <input name="id" value={typed.id} />
          </Field>
          <Field label="URL of the instance" hint="where it is your own">
            <input name="issuer" value={typed.issuer} />
          </Field>
          <Field label="Ref" hint="such as refs/heads/main">
            <input name="ref" value={typed.ref} />
          </Field>
          <Field label="Claim" hint="NAME=VALUE">
            <input name="claim" value={typed.claim} />
          </Field>
        </div>
        <GrantFields pattern={typed.pattern} ticked={typed.actions} />
        <button type="submit" class="primary">
          Trust it
        </button>
      </form>
    </AccessPage>,
  );
}

function Rules({ frame, trust }: { readonly frame: Frame; readonly trust: readonly ShownTrust[] }) {
  return (
    <Table
      label="Trusted issuers"
      head={
        <>
          <th scope="col">Rule</th>
          <th scope="col">Issuer</th>
          <th scope="col">Demands</th>
          <th scope="col">Rights</th>
          <th scope="col">Last used</th>
          <th scope="col">Remove</th>
        </>
      }
    >
      {trust.map(({ name, issuer, claims, boundTo, grants, lastUsedAt }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="wrap">{issuer}</td>
          <td class="wrap">
            {claims.join(", ")}
            {boundTo === null ? null : <div class="muted small">bound to {boundTo}</div>}
          </td>
          <td class="wrap">
            {grants.map((grant) => (
              <div key={grant}>
                <code>{grant}</code>
              </div>
            ))}
          </td>
          <td>
            <Ago time={lastUsedAt} now={frame.now} />
          </td>
          <td>
            <ConfirmedForm label="Remove" action={`${at.trust}/remove`} name="name" value={name}>
              Remove {name}
            </ConfirmedForm>
          </td>
        </tr>
      ))}
    </Table>
  );
}
