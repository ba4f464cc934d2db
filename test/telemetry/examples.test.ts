// What examples/prometheus/ asks Prometheus for is what /metrics has.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { clientTest } from "../support/clientTest.ts";
import { run } from "../support/processes.ts";

const folder = join(import.meta.dir, "..", "..", "examples", "prometheus");

const metrics = new Metrics({
  countEvents: null,
  readSpace: async () => null,
  countUploads: async () => ({ sessions: 0, bytes: 0 }),
  countMultipart: async () => ({ uploads: 0, bytes: 0 }),
  isReadOnly: () => false,
  isOpen: async () => false,
  checks: { countStanding: async () => 0 },
  readBackups: async () => ({
    ...{ last: null, lastCompleteAt: null, isAhead: false, isOverdue: false },
  }),
  gcRuns: { lastSuccess: async () => null, findRefusals: async () => null, isRunning: false },
});

/** Names that a query may use; Prometheus adds `up`. */
async function queryNames(): Promise<Set<string>> {
  const { text } = await metrics.text();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const names = families.flatMap(([, name = "", kind]) =>
    kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
  );
  return new Set(["up", ...names]);
}

const namesIn = (text: string): string[] => [
  ...new Set(text.match(/\b(?:breadbox|multipart|process|nodejs)_[a-z_]+\b/g)),
];

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

async function dashboardQueries(): Promise<string[]> {
  const { panels }: Dashboard = await Bun.file(join(folder, "dashboard.json")).json();
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

interface AlertRules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

async function alertQueries(): Promise<string[]> {
  const rules: AlertRules = JSON.parse(
    JSON.stringify(Bun.YAML.parse(await Bun.file(join(folder, "alerts.yml")).text())),
  );
  return rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr));
}

test.each([
  ["dashboard", dashboardQueries, 20],
  ["alert rules", alertQueries, 10],
])("every metric of the %s exists", async (_, read, atLeast) => {
  const queries = await read();
  const known = await queryNames();

  expect(queries.length).toBeGreaterThanOrEqual(atLeast);
  for (const query of queries) {
    const names = namesIn(query);
    expect([query, names.filter((name) => !known.has(name))]).toEqual([query, []]);
    expect([query, names.length > 0 || query.startsWith("up{")]).toEqual([query, true]);
  }
});

test("every metric of ours is in the table of docs/OPERATIONS.md, and none that is not", async () => {
  const { text } = await metrics.text();
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
  const own = families.filter((name) => !name.startsWith("process_"));
  const page = await Bun.file(join(folder, "..", "..", "docs", "OPERATIONS.md")).text();
  const [, section = ""] = page.split("\n## Metrics\n");
  const [table = ""] = section.split("\n### ");

  expect(
    namesIn(table)
      .filter((name) => !name.startsWith("process_"))
      .sort(),
  ).toEqual(own.sort());
});

clientTest(
  "promtool accepts the alert rules, the queries of the dashboard, the configuration and /metrics",
  { commands: ["promtool"] },
  async () => {
    const checked = await run(["promtool", "check", "rules", join(folder, "alerts.yml")]);
    expect(checked.output).toContain("12 rules found");
    await run(["promtool", "check", "config", "--syntax-only", join(folder, "prometheus.yml")]);

    const variables = { $__rate_interval: "5m", $instance: ".*" };
    const rules = (await dashboardQueries()).map((query, index) => ({
      record: `dashboard:query:${index}`,
      expr: Object.entries(variables).reduce(
        (text, [name, to]) => text.replaceAll(name, to),
        query,
      ),
    }));
    const stdin = JSON.stringify({ groups: [{ name: "dashboard", rules }] });
    const queries = await promtool(["check", "rules", "/dev/stdin"], stdin);
    expect(queries).toContain(`${rules.length} rules found`);

    const { text } = await metrics.text();
    // prom-client writes what Go, and so Prometheus, reads as NaN as well.
    expect(await promtool(["check", "metrics"], text)).toBe("");
  },
);

/** @returns what it prints. @throws when it finds something. */
async function promtool(args: readonly string[], stdin: string): Promise<string> {
  const child = Bun.spawn(["promtool", ...args], {
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const output =
    (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  expect([await child.exited, output]).toEqual([0, output]);
  return output;
}
