// What a transfer reports to, whoever shows it.

/** How far a transfer is, and what ends it. */
export interface Progress {
  /** Bytes. */
  done: number;
  /** Bytes; 0 while it is not known. */
  total: number;
  readonly stop: AbortSignal;
  begin(label: string): void;
  readonly add: (count: number) => void;
  readonly say: (text: string) => void;
}

/** One of several files that share a transfer: its own numbers, and its bytes in the common sum. */
export function shareOf(transfer: Pick<Progress, "stop" | "say" | "add">): Progress {
  const { stop, say } = transfer;
  return { done: 0, total: 0, stop, say, begin: () => {}, add: transfer.add };
}
