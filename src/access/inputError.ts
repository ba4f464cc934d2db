// The error for texts of people. Apart, because several files of this room read such texts.

/** What a command was given is not understood. The message is a sentence for whoever typed it. */
export class AccessInputError extends Error {
  override readonly name = "AccessInputError";
}
