// The page behind the set-up link. Its script reads the secret behind the `#`, which browsers send to nobody.
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { Field, Notice } from "./parts.tsx";
import { render } from "./render.ts";

/** The document. */
export function setupPage(frame: Frame): string {
  const isPlain = frame.origin.startsWith("http:");
  return render(
    <Layout frame={frame} title="Set up Breadbox" section={null} script="setup.js">
      <div class="narrow">
        <h1>Set up Breadbox</h1>
        <p>This server has no users, and lets nobody in. Create its administrator:</p>
        {isPlain && !isLocal(frame.origin) ? (
          <Notice tone="warn">
            <p>This connection is not encrypted: others on the network could read the password.</p>
          </Notice>
        ) : null}
        <p id="said" role="status" />
        <form id="setup" method="post" hidden>
          <Field label="Name">
            <input id="name" value="admin" autocomplete="username" maxlength={128} required />
          </Field>
          <Field label="Password" hint="at least 8 characters">
            <input
              id="password"
              type="password"
              autocomplete="new-password"
              minlength={8}
              required
            />
          </Field>
          <Field label="Password again">
            <input id="again" type="password" autocomplete="new-password" required />
          </Field>
          <button type="submit" class="primary">
            Create the administrator
          </button>
        </form>
        <noscript>
          <p>
            This page needs JavaScript. On the server's machine:{" "}
            <code>breadbox user add NAME --admin</code>
          </p>
        </noscript>
      </div>
    </Layout>,
  );
}

/** True where nobody else is on the way. */
const isLocal = (origin: string): boolean => /^http:\/\/(?:localhost|127\.|\[::1\])/.test(origin);
