// What an image does when it runs, and other facts about a manifest.
import type { Child } from "#jsx/jsx-runtime";
import type { ImageConfig } from "../images/documents.ts";

/** Names and values; those without a value are left out, and so is the title of none. */
export function Facts(props: {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: Child])[];
}) {
  const known = props.facts.filter(
    ([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  if (known.length === 0) return null;
  return (
    <>
      <h2>{props.title}</h2>
      <dl class="facts">
        {known.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </>
  );
}

/** As it would be typed; words with a space in quotes. */
const typed = (words: readonly string[]): Child =>
  words.length === 0 ? null : (
    <code>
      {words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ")}
    </code>
  );

const listed = (items: readonly string[]): Child =>
  items.map((item) => (
    <div key={item}>
      <code>{item}</code>
    </div>
  ));

/** The config. */
export function Config({ config }: { readonly config: ImageConfig }) {
  return (
    <>
      <Facts
        title="Configuration"
        facts={[
          ["Entrypoint", typed(config.entrypoint)],
          ["Command", typed(config.command)],
          ["Working directory", config.workdir && <code>{config.workdir}</code>],
          ["User", config.user && <code>{config.user}</code>],
          ["Ports", config.ports.join(", ")],
          ["Volumes", listed(config.volumes)],
          ["Environment", listed(config.env)],
          ["Built", config.created],
        ]}
      />
      <Facts title="Labels" facts={Object.entries(config.labels)} />
    </>
  );
}
