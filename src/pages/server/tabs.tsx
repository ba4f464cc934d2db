// What the pages about the server's work have in common.
import type { Child } from "#jsx/jsx-runtime";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Layout } from "../layout.tsx";
import { Said, Tabs } from "../parts.tsx";

const tabs = [
  ["uploads", "Uploads", at.uploads],
  ["garbage", "Garbage", at.garbage()],
  ["checks", "Checks", at.checks()],
] as const;

interface ServerPageProps {
  readonly frame: Frame;
  readonly tab: (typeof tabs)[number][0];
  readonly title: string;
  /** Why the last form was refused; null for none. */
  readonly said?: string | null;
  readonly children: Child;
}

/** A page below `/server`. */
export function ServerPage({ frame, tab, title, said = null, children }: ServerPageProps) {
  return (
    <Layout frame={frame} title={title} section="server" script="live.js">
      <h1>{title}</h1>
      <Tabs label="Server" items={tabs} current={tab} />
      <Said said={said} />
      {children}
    </Layout>
  );
}

/** A part of a page that its script keeps as it is on the server. Without a script there is a link. */
export function Live(props: {
  readonly frame: Frame;
  readonly topic: "uploads" | "gc" | "checks";
  /** The event that tells what is shown; absent where the script looks at the rows. */
  readonly shown?: string;
  readonly children: Child;
}) {
  return (
    <div data-live={props.topic} data-shown={props.shown}>
      {props.children}
      <p class="small muted" data-still>
        As of now. <a href={props.frame.address}>Load again</a>
      </p>
    </div>
  );
}
