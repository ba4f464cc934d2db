// The form for a login. It needs no script.
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { Field, Notice } from "./parts.tsx";
import { render } from "./render.ts";

/** What the form shows. */
export interface LoginForm {
  /** Where the browser goes next. */
  readonly next: string;
  readonly name: string;
  /** Why the last attempt failed; null for the first one. */
  readonly said: string | null;
}

/** The document. */
export function loginPage(frame: Frame, { next, name, said }: LoginForm): string {
  return render(
    <Layout frame={frame} title="Log in" section={null}>
      <div class="narrow">
        <h1>Log in</h1>
        {said === null ? null : (
          <Notice tone="bad">
            <p role="alert">{said}</p>
          </Notice>
        )}
        <form method="post" action={at.login}>
          <input type="hidden" name="next" value={next} />
          <Field label="Name">
            <input name="name" value={name} autocomplete="username" maxlength={128} required />
          </Field>
          <Field label="Password" hint="or an access token">
            <input name="password" type="password" autocomplete="current-password" required />
          </Field>
          <button type="submit" class="primary">
            Log in
          </button>
        </form>
      </div>
    </Layout>,
  );
}
