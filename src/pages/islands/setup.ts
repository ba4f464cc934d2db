// The set-up page: sends the secret of the link with the account that is to be made, and goes on to the first page, logged in.
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const field = (id: string): HTMLInputElement | null =>
  document.querySelector<HTMLInputElement>(`#${id}`);
const form = document.querySelector<HTMLFormElement>("form#setup");
const button = form?.querySelector("button") ?? null;

function say(text: string): void {
  const said = document.querySelector("#said");
  if (said !== null) said.textContent = text;
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The first message of a refusal. */
function messageOf(body: unknown): string {
  const errors = isMembers(body) ? body["errors"] : null;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  return isMembers(first) ? String(first["message"]) : "The server refused it.";
}

async function send(name: string, password: string): Promise<void> {
  const answer = await fetch("/setup", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ secret, name, password }),
  });
  if (answer.ok) location.assign("/");
  else say(messageOf(await answer.json()));
}

async function submit(): Promise<void> {
  const [name, password] = [field("name")?.value ?? "", field("password")?.value ?? ""];
  if (password !== field("again")?.value) {
    say("The two passwords differ.");
    return;
  }
  if (button !== null) button.disabled = true;
  say("");
  await send(name, password).catch(() => say("The server did not answer. Try again."));
  if (button !== null) button.disabled = false;
}

if (secret === "") say("Open the link as the server printed it: what follows the # is missing.");
else if (form !== null) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
}
