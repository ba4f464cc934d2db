/** CPU seconds of the programs that the bench has run, which are no other work: wrk, skopeo, commands of Breadbox. */
let seconds = 0;

/** @returns them so far. */
export const toolCpuSeconds = (): number => seconds;

/** Adds those of a program that has ended. */
export function countTool({ cpuSeconds }: { readonly cpuSeconds: number }): void {
  seconds += cpuSeconds;
}
