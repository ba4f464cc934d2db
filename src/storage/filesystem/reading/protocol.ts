// Messages between the server and a worker that reads stored content.

/** Server → worker: fill `into` with bytes of an open file from `at`. */
export interface ReadRequest {
  readonly file: number;
  readonly at: number;
  readonly into: Uint8Array<SharedArrayBuffer>;
}

/** Worker → server, one for each read, in order. */
export type ReadReport =
  /** Fewer than were asked for only at the end of the file. */
  | { readonly kind: "read"; readonly count: number }
  | { readonly kind: "failed"; readonly message: string };
