// Long searches by chance, and long rows of alike cases: each run of the tests takes a share, `npm run test:long` the whole.

/** Whether this is `npm run test:long`, which runs every test file that imports this one. */
export const isLong = process.env["BREADBOX_TEST_LONG"] === "1";

/** How much this run takes: the share, or the whole in the long form; a number in the environment `variable` comes first. */
export const amountOf = (
  variable: string,
  { share, whole }: { readonly share: number; readonly whole: number },
): number => Number(process.env[variable] ?? (isLong ? whole : share));
