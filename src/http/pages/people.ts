// Names of people are not for everybody who may pull a public image.
import type { StoredPush } from "../../metadata/history.ts";

/** Something with its push, without names of people. */
export function withoutPeople<T extends { readonly push: StoredPush | null }>(row: T) {
  const { push } = row;
  const origin = push?.origin == null ? null : { ...push.origin, actor: null };
  return { ...row, pushedBy: null, push: push && { ...push, pushedBy: null, origin } };
}
