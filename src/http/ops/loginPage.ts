// The form for a login. It loads nothing, from nowhere, and needs no script.

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { width: min(24rem, calc(100vw - 2rem)); padding: 1rem 0; }
h1 { font-size: 1.4rem; }
label { display: block; margin: 1rem 0; }
input { display: block; box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { padding: .6rem 1rem; font: inherit; cursor: pointer; }
`;

/** What the form shows. */
export interface LoginForm {
  /** Where the browser goes next. */
  readonly next: string;
  readonly name: string;
  /** Why the last attempt failed; null for the first one. */
  readonly said: string | null;
}

/** The page, as it is sent. */
export const loginPage = ({ next, name, said }: LoginForm): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · Breadbox</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Log in</h1>
<p role="alert">${said === null ? "" : Bun.escapeHTML(said)}</p>
<form method="post" action="/login">
<input type="hidden" name="next" value="${Bun.escapeHTML(next)}">
<label>Name <input name="name" value="${Bun.escapeHTML(name)}" autocomplete="username" maxlength="128" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</main>
</body>
</html>
`;

const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");

/** What a browser may do on the page: show its style, and send the form to this server. */
export const loginPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");
