// Configuration files of distribution/distribution: printed as one of ours, or refused with the name of each key that cannot be had.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { breadbox } from "../cli/command.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

/** What `registry:2` begins with in its image. */
const usual = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

let scope: Scope;
let folder: string;
beforeEach(() => {
  scope = new Scope();
  folder = tempFolder(scope, "foreign");
});
afterEach(() => scope.close());

async function importText(text: string) {
  const file = join(folder, "registry.yml");
  await Bun.write(file, text);
  const { out, err, code } = await breadbox(["config", "import", file], { cwd: folder });
  return { out: out.replaceAll(file, "FILE"), err: err.replaceAll(file, "FILE"), code };
}

describe("breadbox config import", () => {
  test("prints what works as a file that can be used, and names the rest", async () => {
    const { out, err, code } = await importText(usual);

    expect(code).toBe(0);
    expect(out).toBe(
      [
        "# From FILE, a configuration file of distribution/distribution.",
        "data: /var/lib/registry",
        "http:",
        '  listen: ":5000"',
        "",
      ].join("\n"),
    );
    expect(err).toContain("Warning: images can be deleted");
    expect(err).toContain("Note: not used by Breadbox: health.storagedriver.enabled");
    expect(err).toContain("http.headers.x-content-type-options");
    await Bun.write(join(folder, "breadbox.yml"), out);
    const checked = await breadbox(["config", "check"], { cwd: folder });
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.out).toContain("breadbox.yml (2 settings)");
  });

  test("takes certificates over, and a CA of clients from its list", async () => {
    const tls = "{certificate: /c, key: /k, clientcas: [/ca], minimumtls: tls1.2}";
    const { out, code } = await importText(`version: 0.1\nhttp: {addr: :443, tls: ${tls}}\n`);

    expect(code).toBe(0);
    for (const line of ["certificate: /c", "key: /k", "clientCa: /ca"]) expect(out).toContain(line);
  });

  test.each([
    ["http: {tls: {letsencrypt: {email: a@b.c}}}", "http.tls.letsencrypt.email", "certificates of"],
    ["http: {tls: {clientcas: [/a, /b]}}", "http.tls.clientcas.1", "several files of CAs"],
    ["http: {tls: {certificate: /c}}", "http.tls.certificate", "its key is missing"],
    [
      "storage: {s3: {bucket: b, region: r}}",
      "storage.s3.bucket",
      "storage by distribution's own names",
    ],
    ["proxy: {remoteurl: https://docker.io}", "proxy.remoteurl", "a cache of another registry"],
    ["storage: {delete: {enabled: perhaps}}", "storage.delete.enabled", '"perhaps"'],
  ])("refuses %s by name", async (more, key, message) => {
    const { out, err, code } = await importText(`version: 0.1\n${more}\n`);

    expect({ out, code }).toEqual({ out: "", code: 3 });
    expect(err).toContain(`FILE: ${key}`);
    expect(err).toContain(message);
    expect(err).not.toContain("nset it");
  });

  test("refuses what is no such file", async () => {
    expect((await importText("data: /srv\n")).err).toContain("those begin with version: 0.1");
    expect((await importText("version: [")).code).toBe(3);
    const missing = await breadbox(["config", "import", join(folder, "none.yml")]);
    expect(missing).toMatchObject({ code: 3, out: "" });
    expect(missing.err).toContain("does not exist");
  });
});
