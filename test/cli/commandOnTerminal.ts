// The program on a terminal: what it shows there, and what somebody types.
import { adopt, release } from "../support/scope.ts";
import { main } from "./command.ts";

/** Where it runs, and with which variables besides `TERM`. */
export interface TerminalOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts `breadbox` with `args` on a terminal of its own. */
export function runOnTerminal(args: readonly string[], { cwd, env }: TerminalOptions) {
  let shown = "";
  const command = Bun.spawn([process.execPath, main, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { ...env, TERM: "xterm" },
    terminal: {
      data: (_, bytes) => {
        shown += Buffer.from(bytes).toString();
      },
    },
  });
  adopt(command.pid);
  return {
    pid: command.pid,
    shown: () => shown,
    type: (text: string) => command.terminal?.write(text),
    async ended(): Promise<number> {
      const code = await command.exited;
      release(command.pid);
      return code;
    },
  };
}
