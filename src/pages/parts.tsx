// Small parts that pages are made of.
import type { Child } from "#jsx/jsx-runtime";
import { showAge, showBytes, showTime } from "../amounts.ts";
import { isAhead } from "../model/steering.ts";

/** A size; the exact one is shown when it is pointed at. */
export function Bytes({ bytes }: { readonly bytes: number }) {
  return <span title={`${bytes.toLocaleString("en")} bytes`}>{showBytes(bytes)}</span>;
}

/** How long ago; the time is shown when it is pointed at, or when it is in the future: a clock was set. @param time Unix ms; null for never. */
export function Ago({ time, now }: { readonly time: number | null; readonly now: number }) {
  if (time === null) return <span class="muted">never</span>;
  const age = Math.max(0, now - time);
  const text = age < 60_000 ? "just now" : `${showAge(age).split(" ")[0]} ago`;
  return (
    <time dateTime={new Date(time).toISOString()} title={showTime(time)}>
      {isAhead(time, now) ? showTime(time) : text}
    </time>
  );
}

/** A digest, short enough to read; the whole one is shown when it is pointed at. */
export function Digest({ digest }: { readonly digest: string }) {
  return (
    <code title={digest}>{digest.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 13)}</code>
  );
}

/** A command to copy. */
export function Command({ children }: { readonly children: string }) {
  return (
    <div class="command">
      <code>{children}</code>
    </div>
  );
}

type Tone = "plain" | "good" | "warn" | "bad" | "accent";

/** A word about something, in a colour. */
export function Badge(props: { readonly tone?: Tone; readonly children: Child }) {
  return <span class={`badge ${props.tone ?? "plain"}`}>{props.children}</span>;
}

/** Something to know before anything else. */
export function Notice(props: { readonly tone?: Tone; readonly children: Child }) {
  return <div class={`notice ${props.tone ?? "plain"}`}>{props.children}</div>;
}

/** Why the last form was refused; null for none. */
export function Said({ said }: { readonly said: string | null }) {
  return said === null ? null : (
    <Notice tone="bad">
      <p role="alert">{said}</p>
    </Notice>
  );
}

/** A few numbers in a row. */
export function Figures({
  items,
}: {
  readonly items: readonly (readonly [name: string, value: Child])[];
}) {
  return (
    <dl class="figures">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The way from the top to this page. */
export function Crumbs({
  items,
}: {
  readonly items: readonly (readonly [name: string, href: string])[];
}) {
  return (
    <nav aria-label="Path">
      <ol class="crumbs">
        {items.map(([name, href]) => (
          <li key={href}>
            <a href={href}>{name}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** Pages that belong together. @param label what a screen reader calls them. */
export function Tabs(props: {
  readonly label: string;
  readonly items: readonly (readonly [id: string, name: Child, href: string])[];
  readonly current: string;
}) {
  return (
    <nav class="tabs" aria-label={props.label}>
      {props.items.map(([id, name, href]) => (
        <a key={id} href={href} aria-current={id === props.current ? "page" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

/** The link to the next page of a list; nothing on the last one. @param children its text. */
export function NextPage(props: { readonly href: string | null; readonly children?: Child }) {
  const { href, children = "Next page" } = props;
  return href === null ? null : (
    <p class="bar">
      <a class="button" rel="next" href={href}>
        {children}
      </a>
    </p>
  );
}

/** A table that scrolls sideways where it has to. @param label what a screen reader calls it. */
export function Table(props: {
  readonly label: string;
  readonly head: Child;
  readonly children: Child;
}) {
  return (
    <section class="scroll" aria-label={props.label}>
      <table data-keys>
        <thead>
          <tr>{props.head}</tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </section>
  );
}

/** An input with its name. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly children: Child;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the input is among its children.
    <label class="field">
      <span>
        {props.label}
        {props.hint === undefined ? null : <span class="muted small"> {props.hint}</span>}
      </span>
      {props.children}
    </label>
  );
}

/** A button that is asked for twice, without a script: it is behind a word that has to be opened first. */
export function Confirmed(props: {
  /** Of the word. */
  readonly label: string;
  /** What happens; for whom it matters. */
  readonly children: Child;
}) {
  return (
    <details class="confirmed">
      <summary>{props.label}</summary>
      <div>{props.children}</div>
    </details>
  );
}

/** The form of such a button: it names one thing. */
export function ConfirmedForm(props: {
  /** Of the word. */
  readonly label: string;
  readonly action: string;
  readonly name: string;
  readonly value: string | number;
  /** Of the button. */
  readonly children: Child;
}) {
  return (
    <Confirmed label={props.label}>
      <form method="post" action={props.action}>
        <input type="hidden" name={props.name} value={props.value} />
        <button type="submit" class="danger">
          {props.children}
        </button>
      </form>
    </Confirmed>
  );
}

/** A password that is being chosen. */
export function NewPassword(props: { readonly label: string; readonly hint: string }) {
  return (
    <Field label={props.label} hint={props.hint}>
      <input name="password" type="password" autocomplete="new-password" minlength={8} required />
    </Field>
  );
}
