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
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  let typed = "";
  try {
    for await (const chunk of stdin) {
      for (const character of String(chunk)) {
        if (character === "\u0003") return null;
        if (enter.has(character)) return typed;
        typed = erase.has(character) ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
