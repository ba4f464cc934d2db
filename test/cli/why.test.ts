// `breadbox why`: the chain that keeps something, or since when nothing does, in words that a test can read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { GcRoom } from "./gcRoom.ts";

describe("breadbox why", () => {
  const scope = new Scope();
  const room = new GcRoom(scope, "1h");
  beforeAll(() => room.startServer());
  afterAll(() => scope[Symbol.asyncDispose]());

  test("shows the path from the tag through index and manifest to a blob", async () => {
    const image = await room.pushImage("image", ["layer"]);
    const size = await room.sizeOf("image");
    const index = await room.pushIndex("multi", [{ digest: image, size }]);
    const layer = await room.pushBlob("layer");

    const { out, err, code } = await room.run("why", layer);

    expect([err, code]).toEqual(["", 0]);
    const [heading, by, chain, lease, links] = out.split("\n");
    expect(heading).toMatch(new RegExp(`^${layer} is a blob: 5 B, stored \\d{4}-.* UTC\\.$`));
    expect(by).toBe("Kept by:");
    expect(chain).toBe(`  tag team/app:image → manifest ${image} → blob`);
    expect(lease).toMatch(
      /^Kept until .* UTC \(for another 1h \dm\), because it was pushed, mounted or requested\.$/,
    );
    expect(links).toBe("Linked by team/app.");

    expect(await room.deleteTag("image")).toBe(202);
    const later = (await room.run("why", layer)).out.split("\n")[2];
    expect(later).toBe(`  tag team/app:multi → index ${index} → manifest ${image} → blob`);
  });

  test("accepts a part of a manifest's digest", async () => {
    const image = await room.pushImage("short", ["other layer"]);

    const { out } = await room.run("why", image.slice(7, 19));

    expect(out).toBe(
      `${image} is a manifest.\nKept by:\n  tag team/app:short → manifest ${image}\n`,
    );
  });

  test("does not call missing content that an index names a blob", async () => {
    const child = await room.pushImage("child", ["child layer"]);
    const size = await room.sizeOf("child");
    const index = await room.pushIndex("incomplete", [{ digest: child, size }]);
    expect(await room.deleteTag(child)).toBe(202);

    expect((await room.run("why", child)).out).toBe(
      `${child} is not stored here; manifests name it.\nNamed by:\n  tag team/app:incomplete → index ${index}\n`,
    );
  });

  test("shows that a referrer's blob is kept by the referrer's subject", async () => {
    const image = await room.pushImage("subject", ["subject layer"]);
    const config = await room.pushBlob("signature");
    const type = "application/vnd.oci.image.manifest.v1+json";
    const size = await room.sizeOf("subject");
    const body = {
      config: { mediaType: "application/vnd.example", digest: config, size: 9 },
      layers: [],
      subject: { mediaType: type, digest: image, size },
    };
    const text = JSON.stringify({ schemaVersion: 2, mediaType: type, ...body });
    const referrer = `sha256:${new Bun.CryptoHasher("sha256").update(text).digest("hex")}`;
    await room.put(referrer, type, body);

    expect((await room.run("why", config)).out.split("\n")[2]).toBe(
      `  tag team/app:subject → manifest ${image} → referrer ${referrer} → blob`,
    );
  });

  test("names some of the objects that use a blob", async () => {
    const shared = await room.pushBlob("shared with objects");
    await room.pushImage("with-object", ["shared with objects"]);
    for (const name of [1, 2, 3, 4, 5, 6, 7]) {
      await room.putObject(`backups/path/to/${name}`, "shared with objects");
    }
    await room.putObject("backups/alone", "of an object alone");
    const alone = `sha256:${new Bun.CryptoHasher("sha256").update("of an object alone").digest("hex")}`;

    const many = (await room.run("why", shared)).out.split("\n");
    const one = (await room.run("why", alone)).out.split("\n");
    const json = JSON.parse((await room.run("why", shared, "--json")).out);

    expect(many[1]).toBe("Kept by:");
    expect(many[2]).toStartWith("  tag team/app:with-object → manifest sha256:");
    expect(many.slice(3, 9)).toEqual([
      ...[1, 2, 3, 4, 5].map((name) => `  object backups/path/to/${name}`),
      "  … and 2 other objects",
    ]);
    expect(one.slice(1)).toEqual([
      "Kept by:",
      "  object backups/alone",
      "No repository links to it.",
      "",
    ]);
    expect(json).toMatchObject({
      kept_by: [{ tags: ["with-object"] }],
      objects: [1, 2, 3, 4, 5].map((name) => ({ bucket: "backups", object: `path/to/${name}` })),
      other_objects: 2,
      garbage: null,
    });
  });

  test("shows since when a blob is unused, and when it will be deleted", async () => {
    const orphan = await room.pushBlob("orphan");
    const shortLease = new GcRoom(scope, "0");
    await shortLease.startServer();
    const gone = await shortLease.pushBlob("gone");

    const leased = await room.run("why", orphan, "--json");
    const garbage = (await shortLease.run("why", gone)).out.split("\n");

    expect(JSON.parse(leased.out)).toMatchObject({
      digest: orphan,
      is_manifest: false,
      content: { size: 6 },
      kept_by: [],
      links: ["team/app"],
      leased_until: expect.stringMatching(/Z$/),
      garbage: null,
    });
    expect(garbage[1]).toMatch(
      /^Nothing has kept it since .* UTC: the next garbage collection deletes it\.$/,
    );
  });

  test("explains an unknown digest, an ambiguous one and a malformed one", async () => {
    const unknown = await room.run("why", "sha256:0123456789abcdef");
    const short = await room.run("why", "0123");

    expect(unknown).toMatchObject({ out: "", code: 1 });
    expect(unknown.err).toStartWith(
      'Nothing here has the digest "sha256:0123456789abcdef", and neither a manifest nor an object names it.\nIf it was pushed here, it was deleted: ',
    );
    expect(short.err).toStartWith('error: "0123" is neither an image nor a digest');
    expect(short.code).toBe(2);
  });
});
