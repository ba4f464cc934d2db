// Users and rules by the ten thousand, for the bench of logins.
import { numbers, seeding } from "./seed.ts";

/** The password of each user. */
export const password = "correct horse battery";
/** argon2id at its least: the bench compares a password once for each user, and measures what comes after. */
const cheap = { algorithm: "argon2id", memoryCost: 8, timeCost: 2 } as const;

const close = "INSERT OR REPLACE INTO access_state (id, revision, closed_at) VALUES (1, 1, 1)";

/** Each of the `users`, `u0` and so on, has `rules` rules, one of which is about `bench/**`. */
export async function seedUsers(
  data: string,
  { users, rules }: { readonly users: number; readonly rules: number },
): Promise<void> {
  const hash = await Bun.password.hash(password, cheap);
  await seeding(data, (database) => {
    database.run(
      `INSERT INTO users (name, password_hash, is_admin, stamp, created_at)
       ${numbers(users)} SELECT 'u' || n, ?, 0, 's' || n, 1 FROM numbers`,
      [hash],
    );
    database.run(
      `INSERT INTO access_rules (who, effect, pattern, actions, created_at)
       ${numbers(users * rules)} SELECT 'user:u' || (n / ${rules}), 'allow',
         CASE n % ${rules} WHEN 0 THEN 'bench/**' ELSE 'team-' || n || '/**' END, 'pull', 1 FROM numbers`,
    );
    database.run(close);
  });
}

/** A rule's effect and pattern. */
export type Line = readonly ["allow" | "deny", string];

/** Users by name, each with its rules. */
export async function seedPeople(
  data: string,
  people: Readonly<Record<string, readonly Line[]>>,
): Promise<void> {
  const hash = await Bun.password.hash(password, cheap);
  await seeding(data, (database) => {
    for (const [name, lines] of Object.entries(people)) {
      database.run(
        "INSERT INTO users (name, password_hash, is_admin, stamp, created_at) VALUES (?, ?, 0, ?, 1)",
        [name, hash, name],
      );
      for (const [effect, pattern] of lines) {
        database.run(
          "INSERT INTO access_rules (who, effect, pattern, actions, created_at) VALUES (?, ?, ?, 'pull', 1)",
          [`user:${name}`, effect, pattern],
        );
      }
    }
    database.run(close);
  });
}

/** Value of `Authorization` for a user. */
export const basic = (name: string): string => `Basic ${btoa(`${name}:${password}`)}`;
