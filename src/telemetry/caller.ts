// Who asked for what a line of the log is about.

/** The caller of a request. The functions are called only when a line is written. */
export interface Caller {
  readonly requestId: string;
  /** Such as `user:ann`; null for nobody in particular. */
  readonly who: string | null;
  /** The client's; null when its connection is closed. */
  readonly address: () => string | null;
  /** The client's program, such as `Docker-Client/27.5.1 (linux)`; null when it does not name itself. */
  readonly client: () => string | null;
}

/** The fields of a line. */
export function callerFields({ requestId, who, address, client }: Caller) {
  return { requestId, who, address: address(), client: client() };
}
