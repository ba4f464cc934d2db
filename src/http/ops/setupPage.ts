// The page behind the set-up link. It loads nothing, from nowhere: style and script are in it, and its policy allows these alone. The
// secret is behind the `#` of its address, which browsers send to nobody.

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { width: min(24rem, calc(100vw - 2rem)); padding: 1rem 0; }
h1 { font-size: 1.4rem; }
label { display: block; margin: 1rem 0; }
input { display: block; box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { padding: .6rem 1rem; font: inherit; cursor: pointer; }
.warning { border-left: 4px solid #b7791f; padding-left: .75rem; }
`;

const script = `
"use strict";
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const find = (id) => document.getElementById(id);
const form = find("form"), said = find("said"), button = find("button");
const say = (text) => { said.textContent = text; };
const isPlain = location.protocol === "http:" && !/^(localhost|127\\.|\\[::1\\])/.test(location.host);
find("plain").hidden = !isPlain;
if (secret === "") {
  form.hidden = true;
  say("Open the link as the server printed it: what follows the # is missing.");
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = find("name").value, password = find("password").value;
  if (password !== find("again").value) { say("The two passwords differ."); return; }
  button.disabled = true;
  say("");
  try {
    const answer = await fetch("setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret, name, password }),
    });
    const body = await answer.json();
    if (answer.ok) {
      form.hidden = true;
      say(body.name + " is an administrator now. To log in: docker login " + location.host + " -u " + body.name);
    } else {
      say(body.errors[0].message);
    }
  } catch {
    say("The server did not answer. Try again.");
  }
  button.disabled = false;
});
`;

/** The page, as it is sent. */
export const setupPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Set up Breadbox</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Set up Breadbox</h1>
<p>This server has no users, and lets nobody in. Create its administrator:</p>
<p id="plain" class="warning" hidden>This connection is not encrypted: others on the network could read the password.</p>
<form id="form" method="post">
<label>Name <input id="name" value="admin" autocomplete="username" maxlength="128" required></label>
<label>Password <input id="password" type="password" autocomplete="new-password" minlength="8" required></label>
<label>Password again <input id="again" type="password" autocomplete="new-password" required></label>
<button id="button">Create the administrator</button>
</form>
<p id="said" role="status"></p>
<noscript><p>This page needs JavaScript. On the server's machine: <code>breadbox user add NAME --admin</code></p></noscript>
</main>
<script>${script}</script>
</body>
</html>
`;

const hashOf = (text: string): string =>
  `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;

/** What a browser may do on the page: run its script, show its style, and send requests to this server. */
export const setupPolicy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
