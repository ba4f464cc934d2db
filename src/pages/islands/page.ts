// The script of every page: keys, buttons that copy, and ticking a whole list. Each page works without it.

/** Keys mean something only where nobody is typing. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));

/** Rows that `j` and `k` walk through. */
const rows = (): HTMLTableRowElement[] => [
  ...document.querySelectorAll<HTMLTableRowElement>("table[data-keys] tbody tr"),
];

const current = (): HTMLTableRowElement | null => document.querySelector("tr[data-current]");

function walk(step: number): void {
  const all = rows();
  const at = all.findIndex((row) => row.hasAttribute("data-current"));
  const next = all[at === -1 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  if (next === undefined) return;
  all[at]?.removeAttribute("data-current");
  next.setAttribute("data-current", "");
  next.scrollIntoView({ block: "nearest" });
  // What a screen reader says, and what Enter opens.
  next.querySelector<HTMLElement>("a[href], input")?.focus({ preventScroll: true });
}

function tick(): void {
  const row = current() ?? document.activeElement?.closest("tr");
  row?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}

function showHelp(): void {
  const help = document.querySelector<HTMLDialogElement>("dialog#keys");
  if (help?.open === false) help.showModal();
}

const keys: Readonly<Record<string, () => void>> = {
  "/": () => document.querySelector<HTMLInputElement>("input[type=search]")?.focus(),
  j: () => walk(1),
  k: () => walk(-1),
  x: tick,
  "?": showHelp,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** Not every browser gives pages of plain HTTP the clipboard: there the text is selected, ready to be copied. */
async function copy(code: HTMLElement, button: HTMLButtonElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = "Copied";
  } catch {
    getSelection()?.selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

for (const code of document.querySelectorAll<HTMLElement>(".command code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.textContent ?? ""}`);
  button.addEventListener("click", () => copy(code, button));
  code.after(button);
}

for (const all of document.querySelectorAll<HTMLInputElement>("input[data-ticks]")) {
  all.hidden = false;
  all.addEventListener("change", () => {
    const boxes = all.form?.querySelectorAll<HTMLInputElement>(
      `input[name="${all.dataset["ticks"]}"]`,
    );
    for (const box of boxes ?? []) box.checked = all.checked;
  });
}

// A menu that is left is closed.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.account[open]")) {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  }
});
