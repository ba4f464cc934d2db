// Addresses of pages. A name of a repository may have any number of slashes, and none of its parts can be `-`: what follows `/-/` is
// about something in the repository.

const query = (parameters: Readonly<Record<string, string | readonly string[] | null>>): string => {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}=${encodeURIComponent(each)}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
};

/** Where pages are. */
export const at = {
  home: "/",
  repositories: (parameters: Readonly<Record<string, string | null>> = {}) =>
    `/repositories${query(parameters)}`,
  repository: (name: string, parameters: Readonly<Record<string, string | null>> = {}) =>
    `/repositories/${name}${query(parameters)}`,
  /** @param reference a tag or a digest. */
  manifest: (name: string, reference: string) => `/repositories/${name}/-/manifests/${reference}`,
  compare: (name: string, parameters: Readonly<Record<"a" | "b", string>>) =>
    `/repositories/${name}/-/compare${query(parameters)}`,
  /** @param references tags and digests; none for the whole repository. */
  deletion: (name: string, references: readonly string[] = []) =>
    `/repositories/${name}/-/delete${query({ reference: references })}`,
  theme: "/theme",
  logout: "/logout",
} as const;
