// The frame of every page: head, navigation, account menu, footer, and the list of keys.
import type { Child } from "#jsx/jsx-runtime";
import { version } from "../version.ts";
import { at } from "./addresses.ts";
import { type AssetName, type Frame, type Theme, themes, type Visitor } from "./frame.ts";

/** Parts of the navigation. */
export type Section = "home" | "repositories" | "buckets" | "server" | "access";

/** A page adds its section here, and is found. */
const sections: readonly SectionLink[] = [
  ["repositories", "Repositories", at.repositories()],
  ["buckets", "Buckets", at.buckets()],
  ["server", "Server", at.uploads, ({ operate }) => operate],
  ["access", "Access", at.users, ({ manage }) => manage],
  ["api", "API", "/swagger", ({ explore }) => explore],
];

/** @param isFor whom it is of use to; absent: everybody. */
type SectionLink = readonly [
  id: Section | "api",
  name: string,
  href: string,
  isFor?: (may: Visitor["may"]) => boolean,
];

/** A loaf, drawn here. */
const loaf =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#b7791f" d="M4 13a7 7 0 0 1 7-7h10a7 7 0 0 1 4 12v8H7v-8a7 7 0 0 1-3-5z"/><path fill="#f6e0b5" d="M9 16h14v8H9z"/></svg>';
const icon = `data:image/svg+xml,${encodeURIComponent(loaf)}`;

interface LayoutProps {
  readonly frame: Frame;
  /** Of the page; the product's name is added. */
  readonly title: string;
  /** null for pages that are in no section. */
  readonly section: Section | null;
  /** Shown in the search box. */
  readonly search?: string | null;
  /** Of this page alone. */
  readonly script?: AssetName;
  readonly children: Child;
}

/** A whole document. */
export function Layout({ frame, title, section, search = null, script, children }: LayoutProps) {
  const { theme, assets } = frame;
  return (
    <html lang="en" data-theme={theme === "auto" ? undefined : theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title === "" ? "Breadbox" : `${title} · Breadbox`}</title>
        <link rel="icon" href={icon} />
        <link rel="stylesheet" href={assets["page.css"]} />
        <script src={assets["page.js"]} defer />
        {script === undefined ? null : <script src={assets[script]} defer />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href={at.home} aria-current={section === "home" ? "page" : undefined}>
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path
                fill="#b7791f"
                d="M4 13a7 7 0 0 1 7-7h10a7 7 0 0 1 4 12v8H7v-8a7 7 0 0 1-3-5z"
              />
              <path fill="#f6e0b5" d="M9 16h14v8H9z" />
            </svg>
            Breadbox
          </a>
          <nav class="sections" aria-label="Sections">
            {sections
              .filter(([, , , isFor]) => isFor?.(frame.visitor.may) !== false)
              .map(([id, name, href]) => (
                <a key={id} href={href} aria-current={id === section ? "page" : undefined}>
                  {name}
                </a>
              ))}
          </nav>
          <search class="search">
            <form action={at.repositories()}>
              <input
                type="search"
                name="search"
                value={search ?? ""}
                placeholder="Find a repository"
                aria-label="Find a repository"
              />
            </form>
          </search>
          <Account frame={frame} />
        </header>
        <main id="main">{children}</main>
        <footer class="foot">Breadbox {version}</footer>
        <Keys />
      </body>
    </html>
  );
}

const themeNames: Readonly<Record<Theme, string>> = {
  auto: "System",
  light: "Light",
  dark: "Dark",
};

const nobody = {
  open: "Nobody has to log in on this server.",
  closed: "You are not logged in.",
  unknown: "",
} as const;

function Account({ frame: { visitor, theme, address, login } }: { readonly frame: Frame }) {
  const { name, door } = visitor;
  return (
    <details class="account">
      <summary>{name ?? "Menu"}</summary>
      <div>
        <p class="small muted">{name === null ? nobody[door] : `Logged in as ${name}.`}</p>
        {door === "closed" && name === null ? (
          <p>
            <a class="button" href={login}>
              Log in
            </a>
          </p>
        ) : null}
        {name === null ? null : (
          <p>
            <a href={at.account()}>Your account</a>
          </p>
        )}
        {name === null ? null : (
          <form method="post" action={at.logout}>
            <div class="bar">
              <button type="submit">Log out</button>
              <button type="submit" name="everywhere" value="yes">
                Log out everywhere
              </button>
            </div>
          </form>
        )}
        <form method="post" action={at.theme}>
          <input type="hidden" name="back" value={address} />
          <fieldset class="choice">
            <legend class="visually-hidden">Colours</legend>
            {themes.map((each) => (
              <button
                key={each}
                type="submit"
                name="theme"
                value={each}
                aria-pressed={each === theme}
              >
                {themeNames[each]}
              </button>
            ))}
          </fieldset>
        </form>
      </div>
    </details>
  );
}

const keys = [
  ["/", "Search"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["Enter", "Open the row"],
  ["x", "Select the row"],
  ["?", "This list"],
  ["Esc", "Close"],
] as const;

function Keys() {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="facts">
        {keys.map(([key, what]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
