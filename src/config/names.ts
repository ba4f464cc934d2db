// Spellings of a setting's name.
import { snakeCase } from "../spelling.ts";
import type { SettingKey } from "./settings.ts";

/** `min_age` → `minAge`; what has no underscore stays as it is. */
export const camelCase = (text: string): string =>
  text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `gc.minAge` → `BREADBOX_GC_MIN_AGE`. */
export const envName = (key: SettingKey): string =>
  `BREADBOX_${snakeCase(key).replaceAll(".", "_").toUpperCase()}`;
