// What a manifest names: the layers of an image with the steps that made them, or the files of an artifact.
import type { ImageDetail, LayerDetail } from "../images/detail.ts";
import type { Sharing } from "../images/sharing.ts";
import { at } from "./addresses.ts";
import { cut, some } from "./bounds.ts";
import { Bytes, Digest, Table } from "./parts.tsx";

/** The layers of an image, first to last. */
export function Layers({ detail }: { readonly detail: ImageDetail }) {
  const { layers, repository, config } = detail;
  const empty = config?.history.filter(({ isEmpty }) => isEmpty).length ?? 0;
  return (
    <>
      <h2>
        Layers <span class="muted">{layers.length}</span>
      </h2>
      <Table
        label="Layers"
        head={
          <>
            <th scope="col" class="number">
              #
            </th>
            <th scope="col">Made by</th>
            <StoredHeads />
          </>
        }
      >
        {some(layers).first.map((layer, index) => (
          <tr key={`${index} ${layer.digest}`}>
            <td class="number muted">{index + 1}</td>
            <td class="wrap">
              {layer.command === null ? (
                <span class="muted">{layer.mediaType}</span>
              ) : (
                <code>{shortCommand(layer.command)}</code>
              )}
            </td>
            <StoredCells layer={layer} own={repository} />
          </tr>
        ))}
      </Table>
      <Rest count={some(layers).rest} />
      {empty === 0 ? null : (
        <p class="muted small">
          {empty} further {empty === 1 ? "step" : "steps"} of the build made no layer.
        </p>
      )}
    </>
  );
}

/** The files of an artifact, a model, an SBOM. */
export function Files({ detail }: { readonly detail: ImageDetail }) {
  const { layers, repository } = detail;
  if (layers.length === 0) return null;
  return (
    <>
      <h2>
        Files <span class="muted">{layers.length}</span>
      </h2>
      <Table
        label="Files"
        head={
          <>
            <th scope="col">Name</th>
            <th scope="col" class="wide">
              Type
            </th>
            <StoredHeads />
          </>
        }
      >
        {some(layers).first.map((layer, index) => (
          <tr key={`${index} ${layer.digest}`}>
            <th scope="row">
              <a href={at.file(repository, layer.digest)} download={fileName(layer)}>
                {fileName(layer)}
              </a>
            </th>
            <td class="wrap wide">
              <code>{layer.mediaType}</code>
            </td>
            <StoredCells layer={layer} own={repository} />
          </tr>
        ))}
      </Table>
      <Rest count={some(layers).rest} />
    </>
  );
}

function StoredHeads() {
  return (
    <>
      <th scope="col" class="number">
        Size
      </th>
      <th scope="col" class="wide">
        Digest
      </th>
      <th scope="col">Also in</th>
    </>
  );
}

/** What is stored, and who else holds it. */
function StoredCells({ layer, own }: { readonly layer: LayerDetail; readonly own: string }) {
  return (
    <>
      <td class="number">
        <Bytes bytes={layer.size} />
      </td>
      <td class="wide">
        <Digest digest={layer.digest} />
      </td>
      <td class="break">
        <SharedWith sharing={layer.sharing} own={own} />
      </td>
    </>
  );
}

function Rest({ count }: { readonly count: number }) {
  return count === 0 ? null : <p class="muted small">and {count} more</p>;
}

const fileName = ({ title, digest }: LayerDetail): string =>
  (title && cut(title, 200)) ?? digest.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 13);

/** Characters of a step that are shown; some hold whole files. */
const longestCommand = 300;

/** A step, without what every builder adds. */
export function shortCommand(command: string): string {
  const plain = command
    .replace(/^\/bin\/sh -c #\(nop\) +/, "")
    .replace(/^\/bin\/sh -c /, "RUN ")
    .replace(/ # buildkit$/, "");
  return cut(plain, longestCommand);
}

/** Who else holds it. @param own the repository that is shown; "" for none. */
export function SharedWith(props: { readonly sharing: Sharing; readonly own: string }) {
  const { repositories, others, buckets } = props.sharing;
  const elsewhere = repositories.filter((name) => name !== props.own);
  const more = others ?? 0;
  if (elsewhere.length + more + buckets.length === 0) return <span class="muted">–</span>;
  return (
    <span>
      {elsewhere.map((name, index) => (
        <>
          {index === 0 ? "" : ", "}
          <a href={at.repository(name)}>{name}</a>
        </>
      ))}
      {more > 0 ? ` ${elsewhere.length === 0 ? "" : "and "}${more} more` : ""}
      {buckets.map((name) => (
        <>
          {" "}
          <a href={at.bucket(name)}>bucket {name}</a>
        </>
      ))}
    </span>
  );
}
