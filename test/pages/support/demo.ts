// A store as a small company has it: images of one base, several platforms, signatures, a chart, a model, a bucket. Tests look at its pages,
// and pictures for the documentation are taken of it.
import { gzipSync } from "node:zlib";
import { basic, openClosed } from "../../http/support/accessRoom.ts";
import { noise } from "../../support/store.ts";
import { tar } from "../../support/tar.ts";
import { type Pusher, pushArtifact, pushBuilt, pushIndex, type Step } from "./push.ts";

/** Bytes of a megabyte here: tests need no large ones. */
interface DemoOptions {
  readonly megabyte?: number;
  /** Releases of `team/api`. */
  readonly releases?: number;
  /** That clients use. */
  readonly url?: string;
}

const hour = 3_600_000;
const day = 24 * hour;

/** A server with users `root` (an administrator), `ann` and `ci`, and everything that they pushed. */
export async function openDemo({ megabyte = 1000, releases = 9, url = "" }: DemoOptions = {}) {
  const room = await openClosed({ hosts: { loopbackOnly: false, url } });
  const { registry, accounts } = room;
  await accounts.addUser("ann", { password: "correct horse battery", isAdmin: true });
  await accounts.addUser("ci", { password: "correct horse battery", isAdmin: true });
  const by = (name: string): Pusher => ({
    url: registry.url,
    headers: { authorization: basic(name) },
  });
  const made = {
    ...{ size: (mb: number) => noise(Math.round(mb * megabyte)), by },
    wait: (ms: number) => registry.store.clock.advance(ms),
  };
  await pushServices(made, releases);
  await pushOthers(made);
  await pull(made, releases > 1 ? "1.1.0" : "1.0.0");
  await registry.pulls.write();
  return room;
}

/** What the parts of the demo are made with. */
interface Maker {
  size(megabytes: number): Uint8Array<ArrayBuffer>;
  by(name: string): Pusher;
  wait(ms: number): void;
}

const runtime = {
  Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=24.11.0", "NODE_ENV=production"],
  Entrypoint: ["node"],
  Cmd: ["server.js"],
  WorkingDir: "/srv",
  User: "node",
  ExposedPorts: { "8080/tcp": {}, "9090/tcp": {} },
  Labels: {
    "org.opencontainers.image.source": "https://git.example/team/api",
    "org.opencontainers.image.licenses": "Apache-2.0",
  },
};

async function pushServices({ size, by, wait }: Maker, releases: number): Promise<void> {
  const base: readonly Step[] = [
    { command: "# debian.sh --arch 'amd64' out/ 'trixie'", bytes: size(29.8) },
    {
      command:
        "RUN /bin/sh -c apt-get update && apt-get install -y ca-certificates tini # buildkit",
      bytes: size(4.2),
    },
    { command: "ENV NODE_VERSION=24.11.0" },
    { command: "COPY /usr/local /usr/local # buildkit", bytes: size(48.6) },
  ];
  const armBase = base.map((step) => ({ ...step, ...(step.bytes && { bytes: size(20) }) }));
  await pushBuilt(by("root"), "base/node", { tag: "24", steps: base, config: runtime });
  wait(9 * day);
  const modules = { command: "COPY node_modules ./node_modules # buildkit", bytes: size(31.4) };
  for (let release = 0; release < releases; release += 1) {
    const app: readonly Step[] = [
      { command: "WORKDIR /srv" },
      modules,
      { command: "COPY dist ./dist # buildkit", bytes: size(1.2 + release / 20) },
      { command: 'ENTRYPOINT ["node"]' },
    ];
    const config = {
      ...runtime,
      Labels: { ...runtime.Labels, "org.opencontainers.image.version": `1.${release}.0` },
    };
    const manifests = [
      await pushBuilt(by("ci"), "team/api", { tag: null, steps: [...base, ...app], config }),
      await pushBuilt(by("ci"), "team/api", {
        ...{ tag: null, steps: [...armBase, ...app], config, architecture: "arm64" },
      }),
    ];
    const index = await pushIndex(by("ci"), "team/api", { tag: `1.${release}.0`, manifests });
    if (release === releases - 1) await pushAbout(by("ci"), index, size);
    if (release === releases - 1)
      await pushIndex(by("ci"), "team/api", { tag: "latest", manifests });
    wait(2 * day + 3 * hour);
  }
  await pushBuilt(by("ann"), "team/web", {
    ...{ tag: "2026.01", config: { ...runtime, Cmd: ["web.js"] } },
    steps: [...base, { command: "COPY site ./site # buildkit", bytes: size(12.3) }],
  });
  await pushBuilt(by("ann"), "team/web", {
    ...{ tag: "2026.01", config: { ...runtime, Cmd: ["web.js"] } },
    steps: [...base, { command: "COPY site ./site # buildkit", bytes: size(12.9) }],
  });
}

/** A signature and an SBOM, as cosign and syft push them. */
async function pushAbout(
  pusher: Pusher,
  subject: Awaited<ReturnType<typeof pushIndex>>,
  size: Maker["size"],
): Promise<void> {
  await pushArtifact(pusher, "team/api", {
    ...{ tag: null, subject, artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json" },
    files: [{ mediaType: "application/vnd.dev.cosign.simplesigning.v1+json", bytes: size(0.001) }],
  });
  await pushArtifact(pusher, "team/api", {
    ...{ tag: null, subject, artifactType: "application/spdx+json" },
    files: [{ mediaType: "application/spdx+json", title: "sbom.spdx.json", bytes: size(0.4) }],
  });
}

const readme = `# ingress

A small ingress controller.

## Install

    helm install ingress oci://registry.example/charts/ingress
`;
const values = `replicas: 2
image:
  repository: registry.example/team/ingress
  tag: 1.2.3
resources:
  limits:
    memory: 128Mi
`;

async function pushOthers({ size, by, wait }: Maker): Promise<void> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const archive = tar([
    ["ingress/Chart.yaml", bytes("name: ingress\nversion: 1.2.3\n")],
    ["ingress/README.md", bytes(readme)],
    ["ingress/values.yaml", bytes(values)],
    ["ingress/charts/sub/README.md", bytes("# another chart\n")],
  ]);
  await pushArtifact(by("ann"), "charts/ingress", {
    ...{ tag: "1.2.3", artifactType: "" },
    config: {
      mediaType: "application/vnd.cncf.helm.config.v1+json",
      text: JSON.stringify({
        ...{ apiVersion: "v2", name: "ingress", version: "1.2.3", appVersion: "1.2.3" },
        description: "A small ingress controller",
        maintainers: [{ name: "ann", email: "ann@example.com" }],
        dependencies: [{ name: "common", version: "2.0.0" }],
      }),
    },
    files: [
      {
        mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        bytes: new Uint8Array(gzipSync(archive)),
      },
    ],
  });
  wait(5 * hour);
  await pushArtifact(by("ann"), "models/embedder", {
    ...{ tag: "q4", artifactType: "application/vnd.cncf.model.manifest.v1+json" },
    files: [
      {
        title: "embedder-q4.gguf",
        mediaType: "application/vnd.cncf.model.weight.v1.raw",
        bytes: size(60),
      },
      { title: "README.md", mediaType: "text/markdown", bytes: bytes("# embedder\n") },
    ],
  });
  const { url, headers = {} } = by("root");
  await ask(`${url}/v1/buckets`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ name: "backups" }),
  });
  for (const name of ["2026/01/orders.sql.zst", "2026/01/users.sql.zst"]) {
    await ask(`${url}/v1/buckets/backups/objects/${name}`, {
      method: "PUT",
      headers,
      body: size(7),
    });
  }
  wait(40 * 60_000);
}

/** What clients used some hours ago, and what they use now. */
async function pull({ by, wait }: Maker, release: string): Promise<void> {
  const { url, headers = {} } = by("ci");
  for (const [image, ms] of [
    ["team/web/manifests/2026.01", 3 * hour],
    ["charts/ingress/manifests/1.2.3", 20 * 60_000],
    [`team/api/manifests/${release}`, 4 * 60_000],
    ["team/api/manifests/latest", 0],
  ] as const) {
    await ask(`${url}/v2/${image}`, { headers });
    wait(ms);
  }
}

async function ask(url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
}
