import { describe, expect, test } from "bun:test";
import { canonical, hostNames, missingNames } from "../../src/tls/hostNames.ts";

const machine = {
  ...{ hostName: "NAS", addresses: ["127.0.0.1", "192.168.1.10", "::1", "fe80::1", "fd00::0:2"] },
  ...{ listenHost: "", url: "", further: [] },
};

describe("names of a certificate", () => {
  test("are those of the machine and its addresses, without link-local ones", () => {
    expect(hostNames(machine)).toEqual([
      ...["nas", "nas.local", "localhost", "127.0.0.1", "::1", "192.168.1.10", "fd00::2"],
    ]);
  });

  test("begin with the names of the configuration", () => {
    const asked = {
      ...machine,
      ...{ further: ["registry.lan", "*.lab.example"], url: "https://Reg.example.com:8443" },
      ...{ listenHost: "10.0.0.7", hostName: "box.example.com" },
    };

    expect(hostNames(asked).slice(0, 6)).toEqual([
      ...["registry.lan", "*.lab.example", "reg.example.com", "10.0.0.7", "box.example.com"],
      "localhost",
    ]);
  });

  test.each(["0.0.0.0", "::"])("do not include %s, which is no real address", (listenHost) => {
    expect(hostNames({ ...machine, listenHost })).not.toContain(listenHost);
  });

  test("leave out what no certificate can be for", () => {
    expect(hostNames({ ...machine, hostName: "Bob's Mac", further: ["a b", "-x"] })).toEqual([
      ...["localhost", "127.0.0.1", "::1", "192.168.1.10", "fd00::2"],
    ]);
  });

  test("are a hundred at most", () => {
    const addresses = Array.from({ length: 500 }, (_, at) => `10.1.${at >> 8}.${at & 255}`);

    expect(hostNames({ ...machine, addresses })).toHaveLength(100);
  });

  test("are compared as addresses, not as texts", () => {
    expect(canonical("[FD00:0:0::2]")).toBe("fd00::2");
    expect(missingNames(["fd00::2", "nas"], ["FD00:0:0:0:0:0:0:2", "NAS"])).toEqual([]);
    expect(missingNames(["fd00::3", "nas"], ["fd00::2", "nas"])).toEqual(["fd00::3"]);
  });
});
