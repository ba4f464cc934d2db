// How clients get an image, a chart or an artifact from this server, to be copied.
import type { ImageKind } from "../images/kinds.ts";
import type { Frame } from "./frame.ts";
import { Command } from "./parts.tsx";

/** What is pulled. */
export interface Pulled {
  readonly kind: ImageKind;
  readonly name: string;
  /** A tag, or a digest. */
  readonly reference: string;
}

/** `localhost:5000/team/app:1.2`. */
export function addressOf({ origin }: Pick<Frame, "origin">, { name, reference }: Pulled): string {
  const host = origin.slice(origin.indexOf("//") + 2);
  return `${host}/${name}${reference.includes(":") ? "@" : ":"}${reference}`;
}

/** Commands by client; the first one is shown, the others open. */
export function commandsFor(
  frame: Pick<Frame, "origin">,
  pulled: Pulled,
): readonly (readonly [client: string, command: string])[] {
  const { kind, name, reference } = pulled;
  const address = addressOf(frame, pulled);
  const isPlain = frame.origin.startsWith("http:");
  if (kind === "helm") {
    const host = frame.origin.slice(frame.origin.indexOf("//") + 2);
    const chart = `oci://${host}/${name}`;
    const version = reference.includes(":")
      ? `${chart}@${reference}`
      : `${chart} --version ${reference}`;
    const plain = isPlain ? " --plain-http" : "";
    return [
      ["Helm", `helm pull ${version}${plain}`],
      ["helm install", `helm install my-release ${version}${plain}`],
    ];
  }
  if (kind !== "image" && kind !== "index") {
    return [["ORAS", `oras pull ${isPlain ? "--plain-http " : ""}${address}`]];
  }
  return [
    ["Docker", `docker pull ${address}`],
    ["Podman", `podman pull ${isPlain ? "--tls-verify=false " : ""}${address}`],
    ["containerd", `ctr images pull ${isPlain ? "--plain-http " : ""}${address}`],
    ["nerdctl", `nerdctl ${isPlain ? "--insecure-registry " : ""}pull ${address}`],
    ["Kubernetes", `image: ${address}`],
  ];
}

/** The commands. */
export function PullCommands(props: {
  readonly frame: Pick<Frame, "origin">;
  readonly pulled: Pulled;
}) {
  const [first, ...others] = commandsFor(props.frame, props.pulled);
  if (first === undefined) return null;
  return (
    <>
      <Command>{first[1]}</Command>
      {others.length === 0 ? null : (
        <details class="more">
          <summary>{others.map(([client]) => client).join(", ")}</summary>
          <dl class="facts">
            {others.map(([client, command]) => (
              <>
                <dt>{client}</dt>
                <dd>
                  <Command>{command}</Command>
                </dd>
              </>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}
