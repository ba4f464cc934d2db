// Two tags side by side: layers, what a container is run with, and sizes.
import { showBytes } from "../amounts.ts";
import type { ComparedLayer, Comparison } from "../images/compare.ts";
import { at } from "./addresses.ts";
import { cut, some } from "./bounds.ts";
import type { Frame } from "./frame.ts";
import { shortCommand } from "./imageLayers.tsx";
import { Layout } from "./layout.tsx";
import { Badge, Bytes, Digest, Figures, Table } from "./parts.tsx";
import { render } from "./render.ts";
import { RepositoryCrumbs } from "./repositoryHead.tsx";

/** What the page shows. */
export interface ComparisonView {
  readonly repository: string;
  /** As they were asked for: tags, or digests. */
  readonly references: readonly [from: string, to: string];
  readonly comparison: Comparison;
}

/** The document. */
export function comparisonPage(frame: Frame, view: ComparisonView): string {
  const { repository, references, comparison } = view;
  const [from, to] = references;
  const { sharedBytes, removedBytes, addedBytes } = comparison;
  const platform = comparison.to.platforms[0] ?? null;
  return render(
    <Layout frame={frame} title={`${from} and ${to} in ${repository}`} section="repositories">
      <RepositoryCrumbs name={repository} />
      <h1>
        <Name repository={repository} reference={from} /> →{" "}
        <Name repository={repository} reference={to} />
      </h1>
      {platform === null ? null : <p class="muted">Compared for {platform}.</p>}
      <Figures
        items={[
          ["Difference", difference(comparison.to.bytes - comparison.from.bytes)],
          ["In both", <Bytes bytes={sharedBytes} />],
          ["Added", <Bytes bytes={addedBytes} />],
          ["Removed", <Bytes bytes={removedBytes} />],
        ]}
      />
      <p>
        <a
          class="button"
          href={at.comparison(repository, { reference: [to, from] })}
          rel="nofollow"
        >
          The other way round
        </a>
      </p>
      <h2>Layers</h2>
      <Layers layers={comparison.layers} />
      <h2>Configuration</h2>
      <Values view={view} />
    </Layout>,
  );
}

function Name(props: { readonly repository: string; readonly reference: string }) {
  const { repository, reference } = props;
  return (
    <a href={at.image(repository, reference)}>
      {reference.includes(":") ? <Digest digest={reference} /> : reference}
    </a>
  );
}

const difference = (bytes: number): string =>
  bytes === 0 ? "none" : `${bytes > 0 ? "+" : "−"}${showBytes(Math.abs(bytes))}`;

const words = { both: "in both", from: "removed", to: "added" } as const;
const tones = { both: "plain", from: "bad", to: "good" } as const;

function Layers({ layers }: { readonly layers: readonly ComparedLayer[] }) {
  if (layers.length === 0) return <p class="empty">Neither has layers.</p>;
  return (
    <Table
      label="Layers of both"
      head={
        <>
          <th scope="col">Layer</th>
          <th scope="col">Made by</th>
          <th scope="col" class="number">
            Size
          </th>
          <th scope="col">Digest</th>
        </>
      }
    >
      {some(layers).first.map((layer, index) => (
        <tr key={`${index} ${layer.digest}`}>
          <td>
            <Badge tone={tones[layer.in]}>{words[layer.in]}</Badge>
          </td>
          <td class="wrap">
            {layer.command === null ? (
              <span class="muted">{layer.title ?? layer.mediaType}</span>
            ) : (
              <code>{shortCommand(layer.command)}</code>
            )}
          </td>
          <td class="number">
            <Bytes bytes={layer.size} />
          </td>
          <td>
            <Digest digest={layer.digest} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Values({ view }: { readonly view: ComparisonView }) {
  const { comparison, references } = view;
  if (comparison.config.length === 0) return <p class="empty">Nothing differs.</p>;
  return (
    <Table
      label="What differs in the configuration"
      head={
        <>
          <th scope="col">Value</th>
          {references.map((reference) => (
            <th key={reference} scope="col">
              {reference.slice(0, 40)}
            </th>
          ))}
        </>
      }
    >
      {some(comparison.config).first.map(({ name, from, to }) => (
        <tr key={name}>
          <th scope="row" class="break">
            {cut(name, 200)}
          </th>
          <Value text={from} />
          <Value text={to} />
        </tr>
      ))}
    </Table>
  );
}

function Value({ text }: { readonly text: string | null }) {
  return (
    <td class="wrap">{text === null ? <span class="muted">–</span> : <code>{cut(text)}</code>}</td>
  );
}
