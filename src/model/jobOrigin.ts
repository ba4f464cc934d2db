/** What the ID token of a job says of it: kept with everything that the job pushes. Each text has 256 characters at most. */
export interface JobOrigin {
  readonly issuer: string;
  /** Of its source: `org/repo`. */
  readonly repository: string | null;
  readonly ref: string | null;
  readonly commit: string | null;
  readonly run: string | null;
  readonly actor: string | null;
}
