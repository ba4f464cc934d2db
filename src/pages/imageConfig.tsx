// What an image does when it runs, and other facts about a manifest.
import type { Child } from "#jsx/jsx-runtime";
import type { ImageConfig } from "../images/documents.ts";
import { cut, some } from "./bounds.ts";

/** Names and values; those without a value are left out, and so is the title of none. */
export function Facts(props: {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: Child])[];
}) {
  const known = props.facts.filter(
    ([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  if (known.length === 0) return null;
  const { first, rest } = some(known);
  return (
    <>
      <h2>{props.title}</h2>
      <dl class="facts">
        {first.map(([name, value]) => (
          <>
            <dt>{cut(name)}</dt>
            <dd>{typeof value === "string" ? cut(value) : value}</dd>
          </>
        ))}
      </dl>
      {rest === 0 ? null : <p class="muted small">and {rest} more</p>}
    </>
  );
}

/** As it would be typed; words with a space in quotes. */
const typed = (words: readonly string[]): Child =>
  words.length === 0 ? null : <code>{cut(words.map(quoted).join(" "))}</code>;

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);

function listed(items: readonly string[]): Child {
  const { first, rest } = some(items);
  const lines = first.map((item) => (
    <div key={item}>
      <code>{cut(item)}</code>
    </div>
  ));
  return rest === 0 ? lines : [...lines, `and ${rest} more`];
}

/** The config. */
export function Config({ config }: { readonly config: ImageConfig }) {
  return (
    <>
      <Facts
        title="Configuration"
        facts={[
          ["Entrypoint", typed(config.entrypoint)],
          ["Command", typed(config.command)],
          ["Working directory", config.workdir && <code>{cut(config.workdir)}</code>],
          ["User", config.user && <code>{cut(config.user)}</code>],
          ["Ports", cut(config.ports.join(", "))],
          ["Volumes", listed(config.volumes)],
          ["Environment", listed(config.env)],
          ["Built", config.created],
        ]}
      />
      <Facts title="Labels" facts={Object.entries(config.labels)} />
    </>
  );
}
