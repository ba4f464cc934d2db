// What `breadbox trust-ca` prints on another machine than the server's. What it says to type is typed in private/, client by client.
import { expect } from "bun:test";
import { breadboxBinary } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { lanNeeds } from "../support/lan.ts";
import { openSite } from "./private/site.ts";

clientTest(
  "trust-ca fetches the CA on another machine, with a warning and the server's own fingerprint",
  lanNeeds,
  async (scope) => {
    const { run, host } = await openSite(scope, "TLS");
    const binary = await breadboxBinary();

    const [own, fetched] = await Promise.all(
      ["data", "elsewhere"].map((data) => run([binary, "trust-ca", host, "--data", data])),
    );

    expect(fetched?.stdout).toContain("nothing protects yet");
    expect(own?.stdout).not.toContain("nothing protects yet");
    const fingerprint = /^SHA-256 fingerprint: ([0-9A-F:]{95})$/m;
    expect(fingerprint.exec(fetched?.stdout ?? "")?.[1]).toBe(
      fingerprint.exec(own?.stdout ?? "")?.[1] ?? "none",
    );
  },
);
