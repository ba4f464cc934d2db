// Reads a password: from standard input, or typed on the terminal without being shown.

/** The text of standard input, without the line break at its end. */
export async function readSecretInput(): Promise<string> {
  return (await Bun.stdin.text()).replace(/\r?\n$/, "");
}

const enter = new Set(["\r", "\n", "\u0004"]);
const erase = new Set(["\u007f", "\b"]);

/** Asks on the terminal. @returns null when it was broken off with Ctrl+C. */
export async function askSecret(prompt: string): Promise<string | null> {
  const { stdin, stderr } = process;
  // First of all: what is typed as soon as the question shows would be shown too, and Ctrl+C would end the program as a signal.
  stdin.setRawMode(true);
  stderr.write(prompt);
  stdin.setEncoding("utf8");
  try {
    return await typedLine();
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

/** By events: a loop over the stream would end it, and a second question could not be answered. */
function typedLine(): Promise<string | null> {
  const { stdin } = process;
  return new Promise((resolve) => {
    let line: Line = { typed: "", end: null };
    const read = (chunk: string | Buffer): void => {
      line = withTyped(line, String(chunk));
      if (line.end === null) return;
      stdin.off("data", read);
      resolve(line.end === "entered" ? line.typed : null);
    };
    stdin.on("data", read);
    stdin.once("end", () => resolve(line.typed));
    stdin.resume();
  });
}

/** What was typed so far, and how the line ended, if it did. */
interface Line {
  readonly typed: string;
  readonly end: "entered" | "broken off" | null;
}

function withTyped({ typed }: Line, characters: string): Line {
  let line = typed;
  for (const character of characters) {
    if (character === "\u0003") return { typed: line, end: "broken off" };
    if (enter.has(character)) return { typed: line, end: "entered" };
    line = erase.has(character) ? line.slice(0, -1) : line + character;
  }
  return { typed: line, end: null };
}
