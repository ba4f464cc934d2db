// Exit codes: part of the command line's contract, printed by --help.

export const exitCode = {
  done: 0,
  failed: 1,
  badUsage: 2,
  badConfig: 3,
  directoryBusy: 4,
  addressInUse: 5,
} as const;

/** Their description in --help. */
export const exitCodeHelp = `Exit codes:
  0  done
  1  failed for another reason, which is printed
  2  bad usage
  3  bad configuration
  4  the data directory is already served by another process
  5  the address is already in use
  130, 143  stopped by Ctrl+C or SIGTERM before transfers finished (a server: by
            the second one)`;
