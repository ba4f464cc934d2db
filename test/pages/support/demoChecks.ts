// Past checks of the demo: one without problems, one that found some, and one that runs.
import type { CheckEnding, NotedFinding } from "../../../src/metadata/checks.ts";
import type { TestRegistry } from "../../http/support/registry.ts";
import { openDemo } from "./demo.ts";

const lost: NotedFinding = {
  ...{ kind: "content_missing", severity: "problem", outcome: null },
  text: "sha256:5e38f2c64d1c7a4b8a5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80919293 (3.2 MB): the file is missing. Pulls fail: team/api:1.0.0.",
  advice: "The command marks it, so that the next push restores it.",
  command: "breadbox fsck --full --repair",
  ...{ digest: null, repository: "team/api" },
};
const leftover: NotedFinding = {
  ...{ kind: "staged_without_session", severity: "notice", outcome: null },
  text: "staged bytes of 01a1f7e5-93cb-728c-8028-5a61b9c8f780 belong to no upload: the server's cleanup removes them.",
  ...{ advice: null, command: null, digest: null, repository: null },
};
const counted = ({ kind, severity, outcome }: NotedFinding, count: number) => ({
  ...{ kind, severity, outcome, count },
});

/** Id of the one that found something. */
export const checkWithProblems = "01a1f7e6-5c2d-7a41-8e35-7b1d4c2f8a66";

/** The demo, checked. */
export async function openCheckedDemo(options: Parameters<typeof openDemo>[0] = {}) {
  const room = await openDemo(options);
  await checkDemo(room.registry);
  return room;
}

/** Checks it. */
export async function checkDemo({ store }: Pick<TestRegistry, "store">): Promise<void> {
  const { clock, rooms } = store;
  const { checks } = rooms.metadata;
  const begin = (id: string, full: boolean) =>
    checks.beginCheck(
      { id, kind: "fsck", trigger: "api", full, repair: false, startedAt: clock.now() },
      { owner: "the demo", alone: false },
    );
  const end = async (id: string, changes: Pick<CheckEnding, "state" | "kinds" | "findings">) => {
    await begin(id, true);
    clock.advance(41_000);
    await checks.endCheck(id, {
      ...{ contents: 124, bytes: 1_280_000_000, reason: null, finishedAt: clock.now() },
      ...changes,
    });
    clock.advance(3_600_000);
  };
  await end("01a1f7e5-93cb-728c-8028-5a61b9c8f780", { state: "clean", kinds: [], findings: [] });
  const kinds = [counted(lost, 1), counted(leftover, 4)];
  await end(checkWithProblems, { state: "problems", kinds, findings: [lost, leftover] });
  const running = Bun.randomUUIDv7();
  await begin(running, false);
  await checks.advanceCheck(running, { phase: "contents", done: 61, total: 124 });
}
