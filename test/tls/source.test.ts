import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tlsPaths } from "../../src/tls/folder.ts";
import { filesSource, selfSignedSource } from "../../src/tls/source.ts";
import { issue, writePair } from "../support/certificates.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const day = 24 * 60 * 60 * 1000;

function optionsOf(data: string, further: readonly string[] = []) {
  const state = { now: Date.UTC(2027, 0, 1) };
  const options = {
    ...{ data, clock: () => state.now, readClientCa: () => null, clientCa: "" },
    known: { listenHost: "", url: "", further },
  };
  return { state, options };
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("a self-signed certificate", () => {
  test("comes from a CA that is made once, its owner's only, and survives restarts", async () => {
    await using scope = new Scope();
    const { options } = optionsOf(tempFolder(scope, "data"));

    const first = await selfSignedSource(options);
    const made = await first.look();
    const again = await selfSignedSource(options);

    expect(again.authority).toBe(first.authority);
    expect((await again.look()).material).toEqual(made.material);
    expect(made.names).toContain("localhost");
    const { folder, authorityKey, server } = tlsPaths(options.data);
    expect([folder, authorityKey, server].map(modeOf)).toEqual(["700", "600", "600"]);
    expect(readdirSync(folder).sort()).toEqual(["ca.crt", "ca.key", "server.pem"]);
  });

  test("is renewed by the same CA in its last third, while the server runs", async () => {
    await using scope = new Scope();
    const { options, state } = optionsOf(tempFolder(scope, "data"));
    const source = await selfSignedSource(options);
    const first = await source.look();

    state.now += 59 * day;
    expect(await source.look()).toBe(first);
    state.now += 2 * day;
    const second = await source.look();

    expect(second.validUntil).toBe(state.now + 90 * day);
    expect(second.isIssuedBy(source.authority ?? "")).toBe(true);
    expect(await source.look()).toBe(second);
  });

  test("is made again for a further name, and when it is damaged", async () => {
    await using scope = new Scope();
    const data = tempFolder(scope, "data");
    const before = await (await selfSignedSource(optionsOf(data).options)).look();

    const named = await (await selfSignedSource(optionsOf(data, ["nas.lan"]).options)).look();
    expect(before.names).not.toContain("nas.lan");
    expect(named.names).toContain("nas.lan");

    writeFileSync(tlsPaths(data).server, "broken");
    const mended = await (await selfSignedSource(optionsOf(data, ["nas.lan"]).options)).look();
    expect(mended.names).toEqual(named.names);
    expect(mended.fingerprint).not.toBe(named.fingerprint);
  });

  test("is refused when the CA's key is gone or another one's: clients trust the certificate", async () => {
    await using scope = new Scope();
    const { options } = optionsOf(tempFolder(scope, "data"));
    await selfSignedSource(options);
    const { authorityKey } = tlsPaths(options.data);

    writeFileSync(authorityKey, (await issue()).authority.key);
    expect(selfSignedSource(options)).rejects.toThrow("ca.key is not the key of");
    rmSync(authorityKey);
    expect(selfSignedSource(options)).rejects.toThrow("ca.key is missing");
  });

  test("is used although it cannot be kept", async () => {
    await using scope = new Scope();
    const { options } = optionsOf(tempFolder(scope, "data"));
    const source = await selfSignedSource(options);
    // A folder in its place: whoever runs the tests, this cannot be written.
    mkdirSync(`${tlsPaths(options.data).server}.new`);

    const made = await source.look();
    expect(made.isIssuedBy(source.authority ?? "")).toBe(true);
    expect(await source.look()).toBe(made);
  });

  test("begins anew after a crash between the CA's key and its certificate", async () => {
    await using scope = new Scope();
    const { options } = optionsOf(tempFolder(scope, "data"));
    await selfSignedSource(options);
    rmSync(tlsPaths(options.data).authority);

    const made = await (await selfSignedSource(options)).look();
    expect(made.isIssuedBy((await selfSignedSource(options)).authority ?? "")).toBe(true);
  });
});

test("a certificate in files is read at each look, and judged when it changed", async () => {
  await using scope = new Scope();
  const folder = tempFolder(scope, "files");
  const [old, renewed] = [await issue(), await issue()];
  const paths = writePair(folder, old.pair);
  const read = (path: string) => readFileSync(path, "utf8");
  const source = filesSource({ ...paths, clientCa: "" }, () => null, read);
  const first = await source.look();
  expect(await source.look()).toBe(first);

  writeFileSync(paths.certificate, renewed.pair.certificate);
  expect(source.look()).rejects.toThrow(`${join(folder, "server.key")} is not the key of`);
  writeFileSync(paths.key, renewed.pair.key);
  expect((await source.look()).material.certificate).toBe(renewed.pair.certificate);
});
