// What the room of objects refuses with. Apart because several files ask.
import { RegistryError } from "../../src/errors.ts";

/** The refusal that `action` ends with. @throws when it ends otherwise. */
export function refusalBy(action: () => unknown): RegistryError {
  try {
    action();
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** As `refusalBy`, for what takes time. */
export async function refusalOf(work: Promise<unknown>): Promise<RegistryError> {
  const outcome = await work.then(
    () => new Error("it was not refused"),
    (error: unknown) => error,
  );
  if (outcome instanceof RegistryError) return outcome;
  throw outcome;
}
