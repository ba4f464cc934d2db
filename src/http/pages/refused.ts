// What a person reads above a form that was refused.
import { AccessInputError } from "../../access/inputError.ts";
import { RegistryError } from "../../errors.ts";

/** A refusal that the form itself shows. */
export interface Refused {
  readonly status: number;
  readonly said: string;
}

/** @throws `error` itself where it is not for the person who sent the form. */
export function refusedBy(error: unknown): Refused {
  if (error instanceof AccessInputError) return { status: 400, said: error.message };
  // A login that has ended is no mistake in a form.
  if (!(error instanceof RegistryError) || error.status >= 500 || error.status === 401) throw error;
  const { status, message } = error;
  const said = message.charAt(0).toUpperCase() + message.slice(1);
  return { status, said: /[.?!]$/.test(said) ? said : `${said}.` };
}
