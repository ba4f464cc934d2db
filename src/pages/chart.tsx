// A Helm chart: what Chart.yaml says, its README and its values.
import type { ChartFiles } from "../images/chartFiles.ts";
import type { ImageDetail } from "../images/detail.ts";
import type { Frame } from "./frame.ts";
import { Facts } from "./imageConfig.tsx";
import { Command, Notice } from "./parts.tsx";
import { addressOf } from "./pullCommands.tsx";

/** @param files null where they cannot be read. */
export function Chart(props: {
  readonly frame: Frame;
  readonly detail: ImageDetail;
  readonly files: ChartFiles | null;
}) {
  const { frame, detail, files } = props;
  const { chart } = detail;
  return (
    <>
      {chart === null ? null : (
        <Facts
          title="Chart"
          facts={[
            ["Name", chart.name],
            ["Version", chart.version],
            ["Version of the application", chart.appVersion],
            ["Description", chart.description],
            ["Type", chart.type],
            ["Home", chart.home],
            ["Dependencies", chart.dependencies.join(", ")],
            ["Maintainers", chart.maintainers.join(", ")],
            ["Keywords", chart.keywords.join(", ")],
            ["Sources", chart.sources.join(", ")],
          ]}
        />
      )}
      {files === null ? (
        <Notice>
          <p>The chart is too large to be opened here.</p>
        </Notice>
      ) : (
        <>
          <Text title="README" text={files.readme} />
          <Text title="Values" text={files.values} />
          {files.isCut ? (
            <>
              <p class="muted">Only the beginning is shown. All of it:</p>
              <Command>
                {`helm show all oci://${addressOf(frame, { kind: "helm", name: detail.repository, reference: detail.digest })}`}
              </Command>
            </>
          ) : null}
        </>
      )}
    </>
  );
}

function Text({ title, text }: { readonly title: string; readonly text: string | null }) {
  if (text === null) return null;
  return (
    <>
      <h2>{title}</h2>
      <pre class="text">{text}</pre>
    </>
  );
}
