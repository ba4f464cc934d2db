// What a step of the clock does to leases, as the model has it.

/** A clock that was set forward by `step` since the look before, at `wall` now. Unix ms and ms. */
interface Step {
  readonly before: number;
  readonly wall: number;
  readonly step: number;
  readonly patienceMs: number;
}

/** A lease from before the step that is longer than any push is given is not cut short. */
export function stepForward<T extends { readonly keptUntil: number }>(
  contents: Map<string, T>,
  { before, wall, step, patienceMs }: Step,
): void {
  for (const [digest, content] of contents) {
    const { keptUntil } = content;
    const isOrdinary = keptUntil <= wall - step + patienceMs;
    const isLater = keptUntil > before + step && keptUntil <= wall + patienceMs;
    if (isOrdinary || isLater) continue;
    contents.set(digest, { ...content, keptUntil: keptUntil + step });
  }
}
