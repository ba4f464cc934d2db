// Problems and notices of a configuration. Both are sentences for an operator.

/** One mistake and where it is: `breadbox.yml:3:5`, a variable or an option. */
export interface Problem {
  readonly where: string;
  readonly message: string;
}

/** Something worth a log line although nothing is wrong. */
export interface Notice {
  readonly level: "info" | "warn";
  readonly message: string;
}

/** A problem as one line. */
export const showProblem = ({ where, message }: Problem): string => `${where}  ${message}`;

/** The configuration cannot be used. `message` lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];
  readonly notices: readonly Notice[];

  constructor(problems: readonly Problem[], notices: readonly Notice[]) {
    super(problems.map(showProblem).join("\n"));
    this.problems = problems;
    this.notices = notices;
  }
}
