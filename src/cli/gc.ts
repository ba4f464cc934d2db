// `breadbox gc`: frees the space of unused data, while a server is running or not.

import type { Client } from "../client/client.ts";
import { duration, ValueError } from "../config/values.ts";
import type { GcListener, GcPlan, GcProgress } from "../gc/gcRun.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { collectAt } from "./gcRemote.ts";
import {
  BlobList,
  doneText,
  dryRunText,
  failureText,
  gcJson,
  planText,
  question,
  untaggedText,
} from "./gcText.ts";
import { misused, withSource } from "./images/source.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { confirm } from "./withTool.ts";

const labels: Readonly<Record<GcProgress["phase"], string>> = {
  marking: "looking",
  deleting: "deleting",
};

/** Blobs that are listed without `--verbose`. */
const page = 50;

/** How the command was called. */
export interface Asked {
  readonly dryRun: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  /** `agreed`: by --yes. `nobody`: without a terminal the brake refuses. */
  readonly ask: "agreed" | "terminal" | "nobody";
  /** null: as it is set. */
  readonly minAgeMs: number | null;
  /** null: as it is set; `usual`: at the age that is set, whether or not every run does it. */
  readonly untaggedOlderThanMs: number | "usual" | null;
}

/** Collects, or says what would be collected. @returns 0 only when the run is done. @throws ConfigError */
export async function collectGarbage(options: Options): Promise<number> {
  const given = (name: string): boolean => options[name] === true;
  const age = readAge("--min-age", textOf(options, "minAge"));
  const untagged = readUntagged(options);
  for (const each of [age, untagged]) {
    if (each.mistake !== null) return misused("gc", each.mistake);
  }
  const asked: Asked = {
    dryRun: given("dryRun"),
    verbose: given("verbose"),
    json: given("json"),
    ask: given("yes") ? "agreed" : process.stdin.isTTY === true ? "terminal" : "nobody",
    minAgeMs: age.ms,
    untaggedOlderThanMs: untagged.ms,
  };
  const bar = new ProgressBar();
  const local = (tool: Tool) => () => collect(tool, asked, bar);
  const remote = (client: Client) => () => collectAt(client, asked, bar);
  return withSource("gc", options, { local, remote, always: () => bar.clear() }, (run) => run());
}

/** The time of an option: `ms` is null when nothing was given. */
interface ReadAge {
  readonly ms: number | null;
  readonly mistake: string | null;
}

/** `--untagged`, `--untagged TIME`, or `--untagged --older-than TIME`. */
function readUntagged(options: Options): Omit<ReadAge, "ms"> & {
  readonly ms: Asked["untaggedOlderThanMs"];
} {
  const asked = options["untagged"];
  const [option, text] =
    typeof asked === "string"
      ? ["--untagged", asked]
      : ["--older-than", textOf(options, "olderThan")];
  if (text !== undefined && asked === undefined) {
    return { ms: null, mistake: "--older-than is about manifests without a tag: add --untagged" };
  }
  const age = readAge(option, text);
  return asked === true && text === undefined ? { ms: "usual", mistake: null } : age;
}

function readAge(option: string, text: string | undefined): ReadAge {
  if (text === undefined) return { ms: null, mistake: null };
  try {
    return { ms: duration("0", "3650d").parse(text), mistake: null };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return { ms: null, mistake: `${option}: ${JSON.stringify(text)} ${error.message}` };
  }
}

async function collect(tool: Tool, asked: Asked, bar: ProgressBar): Promise<number> {
  const { dryRun, minAgeMs, json } = asked;
  const { untaggedOlderThanMs: age } = asked;
  const untaggedOlderThanMs = age === "usual" ? tool.untaggedUsuallyMs : age;
  const list = new BlobList(asked.verbose ? Number.POSITIVE_INFINITY : page);
  const isShort = minAgeMs !== null && minAgeMs < tool.leaseMs;
  let declined = false;
  const answer = async (plan: GcPlan): Promise<boolean> => {
    const agreed = await confirm(question(plan));
    declined = !agreed;
    return agreed;
  };
  const answers = {
    agreed: { confirm: async () => true },
    terminal: { confirm: answer },
    nobody: {},
  };
  const listener: GcListener = {
    onPlan: (plan) => {
      bar.clear();
      if (!json) print(planText(plan, list, { dryRun, isShort }));
    },
    onOrphan: list.add,
    onProgress: ({ phase, done, total }) =>
      bar.show({ label: labels[phase], unit: "things", done, total }),
    ...answers[asked.ask],
  };
  const changes = {
    ...(minAgeMs === null ? {} : { minAgeMs }),
    ...(untaggedOlderThanMs === null ? {} : { untaggedOlderThanMs }),
  };
  const report = await tool.collectGarbage({ dryRun, ...changes }, listener);
  bar.clear();
  if (json) printJson(gcJson(report, { list, dryRun }));
  if (report.state !== "done") {
    complain(declined ? "Nothing was deleted." : failureText(report));
    return exitCode.failed;
  }
  const olderThanMs = untaggedOlderThanMs ?? tool.untaggedOlderThanMs;
  const held = untaggedText(report, { dryRun, olderThanMs, leaseMs: tool.leaseMs });
  if (!json) print([dryRun ? dryRunText(report) : doneText(report), ...held].join("\n"));
  return exitCode.done;
}
