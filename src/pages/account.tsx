// The own account: who is logged in, and another password.
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { Field, NewPassword, Notice } from "./parts.tsx";
import { render } from "./render.ts";

/** What the page shows. */
export interface AccountView {
  /** False for access tokens, and where nobody logs in. */
  readonly hasPassword: boolean;
  /** Why the last form was refused; null for none. */
  readonly said: string | null;
  /** True right after a change. */
  readonly isChanged: boolean;
}

/** The document. */
export function accountPage(frame: Frame, { hasPassword, said, isChanged }: AccountView): string {
  const { name, may } = frame.visitor;
  return render(
    <Layout frame={frame} title="Your account" section={null}>
      <div class="narrow">
        <h1>Your account</h1>
        <p>
          {name === null ? "Nobody has to log in on this server." : `Logged in as ${name}.`}
          {may.manage ? " You are an administrator." : ""}
        </p>
        {said === null ? null : (
          <Notice tone="bad">
            <p role="alert">{said}</p>
          </Notice>
        )}
        {isChanged ? (
          <Notice tone="good">
            <p role="status">
              The password was changed. Other browsers, and clients with the old password, have to
              log in again.
            </p>
          </Notice>
        ) : null}
        {hasPassword ? <PasswordForm name={name ?? ""} /> : null}
        {name !== null && !hasPassword ? (
          <p class="muted">
            An access token has no password. Administrators make and revoke tokens.
          </p>
        ) : null}
        {may.manage ? (
          <p>
            Access tokens for programs: <a href={at.tokens}>Tokens</a>
          </p>
        ) : null}
      </div>
    </Layout>,
  );
}

function PasswordForm({ name }: { readonly name: string }) {
  return (
    <>
      <h2>Change the password</h2>
      <form method="post" action={at.account()}>
        {/* For password managers. */}
        <input type="hidden" name="username" value={name} autocomplete="username" />
        <Field label="Current password">
          <input name="current" type="password" autocomplete="current-password" required />
        </Field>
        <NewPassword label="New password" hint="at least 8 characters" />
        <Field label="New password again">
          <input name="again" type="password" autocomplete="new-password" required />
        </Field>
        <button type="submit" class="primary">
          Change the password
        </button>
      </form>
    </>
  );
}
