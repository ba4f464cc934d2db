// `breadbox service`: the unit, as systemd reads it, and what an installation leaves behind.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  placeOf,
  planObjection,
  type ServicePlan,
  stateDirectory,
  unitPath,
  unitText,
} from "../../src/cli/serviceUnit.ts";
import { breadboxBinary, projectRoot, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { openLan } from "../support/lan.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";

const plan: ServicePlan = {
  executable: "/usr/local/bin/breadbox",
  ...{ data: stateDirectory, options: [], hasLowPort: false },
};

describe("breadbox service print", () => {
  test("gives port 80 its capability where a certificate is ordered", async () => {
    const unitWith = async (env: Readonly<Record<string, string>>) =>
      (await run([await breadboxBinary(), "service", "print"], { env })).stdout;
    const ordered = { BREADBOX_HTTP_TLS_ACME_HOSTS: "registry.example.com" };

    expect(await unitWith({})).toContain("AmbientCapabilities=\n");
    expect(await unitWith(ordered)).toContain("AmbientCapabilities=CAP_NET_BIND_SERVICE\n");
    expect(await unitWith({ ...ordered, BREADBOX_HTTP_TLS_ACME_LISTEN: ":8080" })).toContain(
      "AmbientCapabilities=\n",
    );
  });

  test("prints the example", async () => {
    const example = await Bun.file(join(projectRoot, "examples", "breadbox.service")).text();
    expect(example).toBe(unitText(plan));
    const { stdout } = await run([await breadboxBinary(), "service", "print"]);
    expect(stdout.replace(/^ExecStart=\S+/m, `ExecStart=${plan.executable}`)).toBe(example);
  });

  test("gives a low port its capability, and another directory to the server alone", () => {
    const options = ["--listen", ":443", "--tls", "self-signed", "--open"];
    const text = unitText({ ...plan, data: "/srv/my box%", options, hasLowPort: true });

    expect(text).toContain(
      '\nExecStart=/usr/local/bin/breadbox serve --data "/srv/my box%%" --listen :443 --tls self-signed --open\n',
    );
    expect(text).toContain('\nReadWritePaths="/srv/my box%%"\n');
    expect(text).not.toContain("StateDirectory=");
    expect(text.match(/=CAP_NET_BIND_SERVICE$/gm)).toHaveLength(2);
    expect(unitText(plan)).not.toContain("CAP_");
  });

  test.each([
    [{ data: "data" }, "must be a whole path"],
    [{ data: "/run/user/1000/data" }, "hides /run/user/1000/data"],
    [{ data: "/tmp" }, "hides /tmp"],
    [{ data: "/srv/a'b" }, "something else"],
    [{ options: ["--config", "/etc/$HOME.yml"] }, "something else"],
  ])("%p is refused", (changes, why) => {
    expect(planObjection({ ...plan, ...changes })).toContain(why);
  });

  test("names the executable where the unit can see it", () => {
    expect(planObjection(plan)).toBeNull();
    expect(placeOf("/opt/breadbox")).toBe("/opt/breadbox");
    expect(placeOf("/run/user/1000/breadbox")).toBe("/usr/local/bin/breadbox");
  });
});

clientTest(
  "systemd accepts the unit, and rates it as well protected",
  { commands: ["systemd-analyze"] },
  async (scope) => {
    const folder = tempFolder(scope, "unit");
    const executable = await breadboxBinary();
    const options = ["--listen", ":443", "--tls", "self-signed"];
    for (const changes of [{}, { data: "/srv/my box", options, hasLowPort: true }]) {
      const unit = join(folder, "breadbox.service");
      await Bun.write(unit, unitText({ ...plan, executable, ...changes }));
      const { output } = await run(["systemd-analyze", "verify", unit]);
      expect(output).toBe("");
      const judge = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit];
      expect((await run(judge)).output).toContain("OK");
    }
  },
);

clientTest(
  "the unit allows every system call that a server makes",
  { commands: ["systemd-analyze", "strace"] },
  async (scope) => {
    const folder = tempFolder(scope, "calls");
    const trace = join(folder, "trace");
    const binary = join(folder, "traced");
    const real = await breadboxBinary();
    await Bun.write(
      binary,
      `#!/bin/sh\nexec strace --daemonize --follow-forks --quiet=all -c --output=${trace} ${real} "$@"\n`,
    );
    await run(["chmod", "+x", binary]);
    const server = await startBreadbox(scope, { binary });
    const image = buildImage({ seed: "calls", layerSizes: [6_000_000, 10] });
    await pushImage(`${server.url}/v2/app`, "1", image);
    await pullAll(`${server.url}/v2/app`, "1");
    await fetch(`${server.url}/v1/gc`, { method: "POST" });
    await server.stop();
    await waitFor("the list of calls", () => existsSync(trace) && statSync(trace).size > 0);

    const listed = await run(["systemd-analyze", "syscall-filter"]);
    const allowed = callsOf("@system-service", listed.stdout);
    const made = readFileSync(trace, "utf8")
      .split("\n")
      .flatMap((line) => /^ *[\d.]+ +[\d.]+ .* (\w+)$/.exec(line)?.[1] ?? []);
    expect(made).toContain("fdatasync");
    expect(made.filter((call) => call !== "total" && !allowed.has(call))).toEqual([]);
  },
);

/** A group with the groups that it contains. @param text of `systemd-analyze syscall-filter`. */
function callsOf(group: string, text: string): Set<string> {
  const [, list = ""] = new RegExp(`^${group}\\n((?: {4}.*\\n)+)`, "m").exec(text) ?? [];
  const words = list.split("\n").map((line) => line.trim());
  return new Set(
    words.flatMap((word) => (word.startsWith("@") ? [...callsOf(word, text)] : [word])),
  );
}

clientTest(
  "install writes unit and user, makes the directory and starts the server; another unit stays",
  { commands: ["unshare", "nsenter", "ip", "systemd-sysusers", "systemctl"], root: true },
  async (scope) => {
    const { folder, run } = await openLan(scope);
    await run(["sh", "-c", "mkdir srv && mount --bind srv /srv && mkdir /srv/bin"]);
    await run(["cp", await breadboxBinary(), "/srv/bin/breadbox"]);
    const install = ["/srv/bin/breadbox", "service", "install", "--data", "/srv/data"];

    await run(install);
    await run(install);
    const other = await run([...install, "--listen", ":5001"], { mayFail: true });

    const printed = await run(["/srv/bin/breadbox", "service", "print", "--data", "/srv/data"]);
    expect((await run(["cat", unitPath])).stdout).toBe(printed.stdout);
    expect(printed.stdout).toContain("ExecStart=/srv/bin/breadbox serve --data /srv/data\n");
    expect([other.code, other.output]).toEqual([1, expect.stringContaining("differs")]);
    const user = (await run(["id", "--user", "breadbox"])).stdout.trim();
    const { uid, mode } = statSync(join(folder, "srv", "data"));
    expect([uid, mode & 0o777]).toEqual([Number(user), 0o700]);
    const orders = readFileSync(join(folder, "systemctl.log"), "utf8").trim().split("\n");
    expect(orders).toEqual([
      ...["daemon-reload", "enable --now breadbox"],
      ...["daemon-reload", "enable --now breadbox"],
    ]);
  },
);
