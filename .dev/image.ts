// Builds the container image without a daemon: dist/breadbox.oci.tar, an OCI archive for linux/amd64 and linux/arm64. Also a command:
// `npm run image [amd64] [arm64]`. The C library comes from Debian's package, through apt-get.
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { compile, type Platform } from "../build.ts";
import manifest from "../package.json" with { type: "json" };
import { prepareAssets } from "./assets.ts";
import { readContainerfile } from "./containerfile.ts";
import { orUsage, parseOptions, UsageError } from "./options.ts";
import { type TarEntry, tar } from "./tar.ts";

const root = `${import.meta.dir}/..`;
/** Of the user that the Containerfile names. */
const owner = 65_532;

/** What differs between machines. */
interface Machine {
  readonly platform: Platform;
  /** Folder of Debian's libraries. */
  readonly triplet: string;
  /** The loader that executables name. */
  readonly loader: string;
}

const machines = {
  amd64: {
    platform: "linux-x64-baseline",
    triplet: "x86_64-linux-gnu",
    loader: "lib64/ld-linux-x86-64.so.2",
  },
  arm64: {
    platform: "linux-arm64",
    triplet: "aarch64-linux-gnu",
    loader: "lib/ld-linux-aarch64.so.1",
  },
} as const satisfies Record<string, Machine>;
type Architecture = keyof typeof machines;

const libraries = ["libc", "libm", "libdl", "libpthread", "librt", "libresolv", "libnss_dns"];

async function run(command: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...command], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  const [errors, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${errors}`);
}

/** Debian's libc6 for a machine, unpacked into `folder`. The machine's own lists of packages are left alone. */
async function fetchLibrary(architecture: Architecture, folder: string): Promise<void> {
  await mkdir(`${folder}/lists/partial`, { recursive: true });
  await mkdir(`${folder}/cache/archives/partial`, { recursive: true });
  await Bun.write(`${folder}/status`, "");
  const options = [
    ...["-o", `APT::Architecture=${architecture}`, "-o", `APT::Architectures=${architecture}`],
    ...["-o", `Dir::State::Lists=${folder}/lists`, "-o", `Dir::State::status=${folder}/status`],
    ...["-o", `Dir::Cache=${folder}/cache`, "-o", "APT::Sandbox::User="],
  ];
  await run(["apt-get", ...options, "update"], folder);
  await run(["apt-get", ...options, "download", "libc6"], folder);
  const found = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  await run(["dpkg-deb", "-x", `${folder}/${found}`, `${folder}/libc`], folder);
}

const passwd = `root:x:0:0:root:/:/sbin/nologin\nbreadbox:x:${owner}:${owner}:breadbox:/:/sbin/nologin\n`;
const group = `root:x:0:\nbreadbox:x:${owner}:\n`;
const folder = (name: string, mode = 0o755, own = 0): TarEntry => ({ name, mode, owner: own });

async function layerOf(architecture: Architecture, work: string): Promise<Uint8Array<ArrayBuffer>> {
  const { platform, triplet, loader } = machines[architecture];
  const place = `${work}/${architecture}`;
  await mkdir(place, { recursive: true });
  await fetchLibrary(architecture, place);
  await compile(platform, `${place}/breadbox`);
  const read = async (from: string): Promise<Uint8Array> => Bun.file(`${place}/${from}`).bytes();
  const names = await readdir(`${place}/libc/lib/${triplet}`);
  const wanted = names.filter((name) => libraries.includes(name.slice(0, name.indexOf(".so"))));
  const shared = wanted.sort().map(async (name) => ({
    ...{ name: `lib/${triplet}/${name}`, mode: 0o755 },
    bytes: await read(`libc/lib/${triplet}/${name}`),
  }));
  const loaderName = loader.slice(loader.lastIndexOf("/") + 1);
  const text = (name: string, content: string): TarEntry => ({
    ...{ name, mode: 0o644, bytes: Buffer.from(content) },
  });
  const folders = [
    "etc/",
    "lib/",
    "lib64/",
    `lib/${triplet}/`,
    "usr/",
    "usr/bin/",
    "var/",
    "var/lib/",
  ];
  const entries: TarEntry[] = [
    ...folders.map((name) => folder(name)),
    folder("tmp/", 0o1777),
    folder("var/lib/registry/", 0o755, owner),
    ...[text("etc/passwd", passwd), text("etc/group", group)],
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    ...(await Promise.all(shared)),
    { name: loader, mode: 0o755, bytes: await read(`libc/lib/${triplet}/${loaderName}`) },
    { name: "usr/bin/breadbox", mode: 0o755, bytes: await read("breadbox") },
  ];
  return tar(entries, time);
}

/** Of all files: equal sources give an equal image. */
const time = Number(process.env["SOURCE_DATE_EPOCH"] ?? 0);

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Blobs of an image layout, as they are added. */
class Layout {
  readonly entries: TarEntry[] = [];

  add(mediaType: string, bytes: Uint8Array): Descriptor {
    const hex = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    this.file(`blobs/sha256/${hex}`, bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  addJson(mediaType: string, value: object): Descriptor {
    return this.add(mediaType, Buffer.from(JSON.stringify(value)));
  }

  file(name: string, bytes: Uint8Array): void {
    this.entries.push({ name, mode: 0o644, bytes });
  }
}

const type = (name: string): string => `application/vnd.oci.image.${name}`;

/** An image as `docker load` finds it: Docker reads no index, unless it keeps its images in containerd. */
interface DockerEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const pathOf = ({ digest }: Descriptor): string => digest.replace("sha256:", "blobs/sha256/");

async function addImage(layout: Layout, architecture: Architecture, work: string) {
  const layer = await layerOf(architecture, work);
  await Bun.write(`${root}/dist/image/${architecture}.tar`, layer);
  const diffId = `sha256:${new Bun.CryptoHasher("sha256").update(layer).digest("hex")}`;
  const packed = layout.add(type("layer.v1.tar+gzip"), Bun.gzipSync(layer, { level: 6 }));
  const config = layout.addJson(type("config.v1+json"), {
    ...{ created: new Date(time * 1000).toISOString(), architecture, os: "linux" },
    config: {
      ...readContainerfile(await Bun.file(`${root}/Containerfile`).text()),
      Labels: {
        "org.opencontainers.image.title": manifest.name,
        "org.opencontainers.image.version": manifest.version,
        "org.opencontainers.image.licenses": manifest.license,
      },
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const image = layout.addJson(type("manifest.v1+json"), {
    ...{ schemaVersion: 2, mediaType: type("manifest.v1+json") },
    ...{ config, layers: [packed] },
  });
  const docker = { Config: pathOf(config), Layers: [pathOf(packed)] };
  return { docker, described: { ...image, platform: { os: "linux", architecture } } };
}

/** Writes dist/breadbox.oci.tar. */
export async function buildImage(architectures: readonly Architecture[]): Promise<string> {
  await prepareAssets();
  await mkdir(`${root}/dist/image`, { recursive: true });
  const work = await mkdtemp(`${root}/dist/.image-`);
  try {
    const layout = new Layout();
    const images = [];
    for (const architecture of architectures)
      images.push(await addImage(layout, architecture, work));
    const index = layout.addJson(type("index.v1+json"), {
      ...{ schemaVersion: 2, mediaType: type("index.v1+json") },
      manifests: images.map(({ described }) => described),
    });
    const name = `${manifest.name}:${manifest.version}`;
    const entries = images.map(({ docker, described }, number): DockerEntry => {
      const suffix = number === 0 ? "" : `-${described.platform.architecture}`;
      return { ...docker, RepoTags: [name + suffix] };
    });
    layout.file("manifest.json", Buffer.from(JSON.stringify(entries)));
    const annotations = {
      "org.opencontainers.image.ref.name": manifest.version,
      "io.containerd.image.name": `docker.io/library/${name}`,
    };
    const top = { schemaVersion: 2, manifests: [{ ...index, annotations }] };
    layout.file("index.json", Buffer.from(JSON.stringify(top)));
    layout.file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    await Bun.write(`${work}/image`, tar(layout.entries, time));
    await rename(`${work}/image`, `${root}/dist/breadbox.oci.tar`);
    return `${root}/dist/breadbox.oci.tar`;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const all = Object.keys(machines) as Architecture[];
  const program = {
    name: "npm run image",
    about: "Builds the container image dist/breadbox.oci.tar. Needs apt-get.",
    options: {},
    operands: "[ARCHITECTURE …]",
  };
  const chosen = orUsage(program, (args) => {
    const given = parseOptions(program, args)?.operands;
    const unknown = given?.find((name) => !(name in machines));
    if (unknown !== undefined) throw new UsageError(`${unknown} is none of ${all.join(", ")}`);
    return given === undefined ? null : all.filter((name) => given.includes(name));
  });
  await buildImage(chosen.length === 0 ? all : chosen);
  console.log("dist/breadbox.oci.tar");
}
