// Gauges that are read from the database.

/** The help text of one: several servers of a database report the same value. */
export const shared = (help: string): string =>
  `${help} Of the store: its servers report the same, so take max() and not sum().`;
