// What a Containerfile says of an image, for a builder without a daemon. Pure.

/** The configuration of an image (OCI image-spec, config.md), and Docker's health check. */
export interface ImageConfig {
  readonly Env: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes: Readonly<Record<string, object>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** @throws Error on an instruction that is not understood. */
export function readContainerfile(text: string): ImageConfig {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const parts = lines.map(readLine);
  const none: ImageConfig = { Env: [], Volumes: {}, ExposedPorts: {} };
  return Object.assign(none, ...parts, { Env: parts.flatMap(({ Env }) => Env ?? []) });
}

function readLine(line: string): Partial<ImageConfig> {
  const space = line.indexOf(" ");
  const [instruction, value] = [line.slice(0, space), line.slice(space + 1)];
  switch (instruction) {
    case "FROM":
    case "ARG":
    case "ADD":
      // What is in the image is the builder's business.
      return {};
    case "ENV":
      return { Env: [value] };
    case "USER":
      return { User: value };
    case "WORKDIR":
      return { WorkingDir: value };
    case "STOPSIGNAL":
      return { StopSignal: value };
    case "VOLUME":
      return { Volumes: { [value]: {} } };
    case "EXPOSE":
      return { ExposedPorts: { [`${value}/tcp`]: {} } };
    case "ENTRYPOINT":
      return { Entrypoint: JSON.parse(value) };
    case "CMD":
      return { Cmd: JSON.parse(value) };
    case "HEALTHCHECK":
      return { Healthcheck: { Test: ["CMD", ...JSON.parse(value.replace(/^CMD /, ""))] } };
    default:
      throw new Error(`Containerfile: ${instruction} is not understood here`);
  }
}
