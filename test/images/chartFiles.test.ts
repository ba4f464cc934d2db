// Texts of charts that somebody pushed: what is read, what is left alone, and that nothing grows without a limit.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { readChartFiles } from "../../src/images/chartFiles.ts";
import type { ImageDetail } from "../../src/images/detail.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { pushBlob } from "../http/support/image.ts";
import { openRegistry, type TestRegistry } from "../http/support/registry.ts";
import { tar } from "../support/tar.ts";

const repository = parseRepositoryName("charts/app");
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

type Layer = ImageDetail["layers"][number];

/** Reads a layer as a chart. */
function readLayer({ digest, size }: Pick<Layer, "digest" | "size">) {
  const layer: Layer = {
    ...{ digest, size, command: null, title: null },
    mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    sharing: { repositories: [], others: null, buckets: [] },
  };
  const deps = { registry: registry.store.rooms.registry };
  return readChartFiles(deps, { repository, layers: [layer] });
}

/** Pushes bytes and reads them as a chart. @param size as it is declared. */
async function read(bytes: Uint8Array<ArrayBuffer>, size = bytes.length) {
  return readLayer({ digest: await pushBlob(registry.url, repository, bytes), size });
}

const packed = (...files: readonly (readonly [name: string, text: string])[]) =>
  new Uint8Array(gzipSync(tar(files.map(([name, text]) => [name, Buffer.from(text)]))));

describe("the files of a chart", () => {
  test("are its own README and values, wherever other charts have theirs", async () => {
    const bytes = packed(
      ["app/charts/sub/values.yaml", "wrong: 1\n"],
      ["app/templates/README.md", "wrong"],
      ["app/readme.md", "# app\n"],
      ["app/values.yaml", "right: 1\n"],
      ["app/values.yaml", "second: 1\n"],
    );

    expect(await read(bytes)).toEqual({ readme: "# app\n", values: "right: 1\n", isCut: false });
  });

  test("may be absent", async () => {
    expect(await read(packed(["app/Chart.yaml", "name: app\n"]))).toEqual({
      ...{ readme: null, values: null, isCut: false },
    });
  });

  test("are cut where they are long", async () => {
    const found = await read(packed(["app/values.yaml", "a: 1\n".repeat(10_000)]));

    expect(found?.isCut).toBe(true);
    expect(found?.values?.length).toBe(12 * 1024);
  });
});

describe("nothing is read of", () => {
  test("an archive that unpacks to more than 32 MiB", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 }));

    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect(await read(bomb)).toBeNull();
  });

  test("bytes that are no archive, and a chart that is or is declared too large", async () => {
    expect(await read(new Uint8Array([1, 2, 3]))).toBeNull();
    expect(await read(packed(["app/values.yaml", "a: 1\n"]), 5 * 1024 * 1024)).toBeNull();
    expect(await read(new Uint8Array(5 * 1024 * 1024), 1)).toBeNull();
  });

  test("an archive behind a head that makes no sense", async () => {
    const archive = Buffer.from(tar([["app/values.yaml", Buffer.from("a: 1\n")]]));
    archive.write("not octal  ", 124, "latin1");

    expect(await read(new Uint8Array(gzipSync(archive)))).toEqual({
      ...{ readme: null, values: null, isCut: false },
    });
  });

  test("a blob that is not there", async () => {
    expect(await readLayer({ digest: digestOf(new Uint8Array([9])), size: 1 })).toBeNull();
  });
});
