// Addresses of pages: those of the API without `/v1`. A name of a repository may have any number of slashes, and none of its parts can be
// `-`: what follows `/-/` is about something in the repository.

type Parameters = Readonly<Record<string, string | readonly string[] | null | undefined>>;

function query(parameters: Parameters): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}=${encodeURIComponent(each)}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** Where pages are. */
export const at = {
  home: "/",
  repositories: (parameters: Parameters = {}) => `/repositories${query(parameters)}`,
  repository: (name: string, parameters: Parameters = {}) =>
    `/repositories/${name}${query(parameters)}`,
  untagged: (name: string, parameters: Parameters = {}) =>
    `/repositories/${name}/-/untagged${query(parameters)}`,
  /** @param reference a tag or a digest. */
  image: (name: string, reference: string, parameters: Parameters = {}) =>
    `/repositories/${name}/-/images/${reference}${query(parameters)}`,
  /** @param parameters `reference` twice. */
  comparison: (name: string, parameters: Parameters = {}) =>
    `/repositories/${name}/-/comparison${query(parameters)}`,
  /** @param parameters `reference`, any number of times; none for the whole repository. */
  deletion: (name: string, parameters: Parameters = {}) =>
    `/repositories/${name}/-/deletion${query(parameters)}`,
  file: (name: string, digest: string) => `/repositories/${name}/-/files/${digest}`,
  theme: "/theme",
  buckets: (parameters: Readonly<Record<string, string | null>> = {}) =>
    `/buckets${query(parameters)}`,
  bucket: (name: string, parameters: Readonly<Record<string, string | null>> = {}) =>
    `/buckets/${name}${query(parameters)}`,
  /** Where forms send files, and content of repositories. @param parameters `prefix`: the folder. */
  bucketFiles: (name: string, parameters: Readonly<Record<string, string | null>> = {}) =>
    `/buckets/${name}/files${query(parameters)}`,
  bucketLinks: (name: string, parameters: Readonly<Record<string, string | null>> = {}) =>
    `/buckets/${name}/links${query(parameters)}`,
  uploads: "/server/uploads",
  garbage: (parameters: Readonly<Record<string, string | null>> = {}) =>
    `/server/garbage${query(parameters)}`,
  checks: (parameters: Readonly<Record<string, string | null>> = {}) =>
    `/server/checks${query(parameters)}`,
  check: (id: string) => `/server/checks/${id}`,
  login: "/login",
  logout: "/logout",
  account: (parameters: Readonly<Record<string, string>> = {}) => `/account${query(parameters)}`,
  users: "/access/users",
  user: (name: string) => `/access/users/${name}`,
  tokens: "/access/tokens",
  rules: (parameters: Readonly<Record<string, string>> = {}) => `/access/rules${query(parameters)}`,
  trust: "/access/trust",
  audit: (parameters: Readonly<Record<string, string | null>> = {}) =>
    `/access/audit${query(parameters)}`,
} as const;
