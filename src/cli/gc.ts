// `breadbox gc`: frees the space of what nothing refers to any more, beside a running server or without one.

import { duration, ValueError } from "../config/values.ts";
import type { GcListener, GcOutcome, GcPlan, GcProgress } from "../maintenance/gcRun.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import {
  BlobList,
  doneText,
  dryRunText,
  failureText,
  gcJson,
  planText,
  question,
} from "./gcText.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { confirm, withTool } from "./withTool.ts";

const labels: Readonly<Record<GcProgress["phase"], string>> = {
  marking: "looking",
  deleting: "deleting",
};

/** Blobs that are listed without `--verbose`. */
const page = 50;

/** How the command was called. */
interface Asked {
  readonly dryRun: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  /** `agreed`: by --yes. `nobody`: without a terminal the brake holds. */
  readonly ask: "agreed" | "terminal" | "nobody";
  /** null: as it is set. */
  readonly minAgeMs: number | null;
}

/** Collects, or says what would be collected. @returns 0 only when the run is done. @throws ConfigError */
export async function collectGarbage(options: Options): Promise<number> {
  const given = (name: string): boolean => options[name] === true;
  const age = readMinAge(textOf(options, "minAge"));
  if ("mistake" in age) {
    complain(`error: ${age.mistake}\nRun "breadbox gc --help" to see what there is.`);
    return exitCode.badUsage;
  }
  const asked: Asked = {
    dryRun: given("dryRun"),
    verbose: given("verbose"),
    json: given("json"),
    ask: given("yes") ? "agreed" : process.stdin.isTTY === true ? "terminal" : "nobody",
    minAgeMs: age.ms,
  };
  const bar = new ProgressBar();
  return withTool(
    options,
    (tool) => collect(tool, asked, bar),
    () => bar.clear(),
  );
}

function readMinAge(
  text: string | undefined,
): { readonly ms: number | null } | { readonly mistake: string } {
  if (text === undefined) return { ms: null };
  try {
    return { ms: duration("0", "3650d").parse(text) };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return { mistake: `--min-age: ${JSON.stringify(text)} ${error.message}` };
  }
}

async function collect(tool: Tool, asked: Asked, bar: ProgressBar): Promise<number> {
  const { dryRun, minAgeMs, json } = asked;
  const list = new BlobList(asked.verbose ? Number.POSITIVE_INFINITY : page);
  const isShort = minAgeMs !== null && minAgeMs < tool.promiseMs;
  const tell = (plan: GcPlan): void => print(planText(plan, list, { dryRun, isShort }));
  const onPlan = (plan: GcPlan): void => {
    bar.clear();
    // The plan of a dry run is told at its end.
    if (!dryRun && !json) tell(plan);
  };
  const listener: GcListener = {
    onPlan,
    onOrphan: list.add,
    onProgress: ({ phase, done, total }) =>
      bar.show({ label: labels[phase], unit: "things", done, total }),
  };
  let declined = false;
  const answer = async (plan: GcPlan): Promise<boolean> => {
    const agreed = await confirm(question(plan));
    declined = !agreed;
    return agreed;
  };
  const answers = { agreed: async () => true, terminal: answer, nobody: null };
  const ask = answers[asked.ask];
  const outcome = await tool.collectGarbage({ dryRun, minAgeMs, confirm: ask }, listener);
  bar.clear();
  if (dryRun && !json && outcome.state === "done" && outcome.plan !== null) tell(outcome.plan);
  report(outcome, list, { ...asked, declined });
  return outcome.state === "done" ? exitCode.done : exitCode.failed;
}

/** @param asked `declined`: somebody was asked, and said no. */
function report(
  outcome: GcOutcome,
  list: BlobList,
  { json, dryRun, declined }: Asked & { readonly declined: boolean },
): void {
  if (json) printJson(gcJson(outcome, list, dryRun));
  if (outcome.state !== "done") {
    complain(declined ? "Nothing was deleted." : failureText(outcome));
    return;
  }
  if (json) return;
  print(dryRun ? dryRunText(outcome) : doneText(outcome));
}
