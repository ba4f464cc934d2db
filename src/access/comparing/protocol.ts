// Messages between the server and a worker that compares passwords.

/** Server → worker. */
export interface CompareRequest {
  readonly password: string | Uint8Array;
  readonly hash: string;
}

/** Worker → server, one for each request. */
export type CompareReport =
  | { readonly kind: "compared"; readonly isRight: boolean }
  | { readonly kind: "failed"; readonly message: string };
