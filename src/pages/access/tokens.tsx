// Access tokens: the list, the form for another one, and the one time that its text is shown.
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Command, ConfirmedForm, Field, NextPage, Notice, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { AccessPage, GrantFields } from "./tabs.tsx";

/** A token without its text. Times are Unix ms. */
export interface ShownToken {
  readonly name: string;
  readonly createdAt: number;
  /** null: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  /** `PATTERN:ACTIONS` */
  readonly grants: readonly string[];
}

/** What the page shows. */
export interface TokensList {
  readonly tokens: readonly ShownToken[];
  readonly next: string | null;
  /** The token that was just made, with its text. */
  readonly made: { readonly name: string; readonly text: string } | null;
  readonly said: string | null;
  /** What was typed, when the form was refused. */
  readonly typed: {
    readonly name: string;
    readonly pattern: string;
    readonly actions: readonly string[];
  };
}

const lifetimes = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "a year"],
  ["never", "never"],
] as const;

/** The page. */
export function tokensPage(frame: Frame, list: TokensList): string {
  const { tokens, next, made, said, typed } = list;
  return render(
    <AccessPage frame={frame} tab="tokens" title="Access tokens" said={said}>
      {made === null ? null : <Made made={made} />}
      <Table
        label="Access tokens"
        head={
          <>
            <th scope="col">Name</th>
            <th scope="col">Rights</th>
            <th scope="col" class="wide">
              Made
            </th>
            <th scope="col" class="wide">
              Last used
            </th>
            <th scope="col">Ends</th>
            <th scope="col">Revoke</th>
          </>
        }
      >
        {tokens.map((token) => (
          <Row key={token.name} frame={frame} token={token} />
        ))}
      </Table>
      <NextPage href={next} />
      <h2>Make a token</h2>
      <form method="post" action={at.tokens}>
        <Field label="Name" hint="never given before">
          <input name="name" value={typed.name} autocomplete="off" maxlength={128} required />
        </Field>
        <GrantFields pattern={typed.pattern} ticked={typed.actions} />
        <Field label="Ends after">
          <select name="days">
            {lifetimes.map(([days, name]) => (
              <option key={days} value={days} selected={days === "90"}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <button type="submit" class="primary">
          Make the token
        </button>
      </form>
    </AccessPage>,
  );
}

function Made({ made: { name, text } }: { readonly made: NonNullable<TokensList["made"]> }) {
  return (
    <Notice tone="good">
      <p>
        This is the token <strong>{name}</strong>. It is shown this once: copy it now. It is the
        password of any user name.
      </p>
      <Command>{text}</Command>
    </Notice>
  );
}

function Row({ frame, token }: { readonly frame: Frame; readonly token: ShownToken }) {
  const { name, createdAt, lastUsedAt, revokedAt, grants } = token;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="wrap">
        {grants.map((grant) => (
          <div key={grant}>
            <code>{grant}</code>
          </div>
        ))}
      </td>
      <td class="wide">
        <Ago time={createdAt} now={frame.now} />
      </td>
      <td class="wide">
        <Ago time={lastUsedAt} now={frame.now} />
      </td>
      <td>
        <End token={token} now={frame.now} />
      </td>
      <td>
        {revokedAt === null ? (
          <ConfirmedForm label="Revoke" action={`${at.tokens}/revoke`} name="name" value={name}>
            Revoke {name}
          </ConfirmedForm>
        ) : null}
      </td>
    </tr>
  );
}

function End({ token, now }: { readonly token: ShownToken; readonly now: number }) {
  const { expiresAt, revokedAt } = token;
  if (revokedAt !== null) return <Badge tone="bad">revoked</Badge>;
  if (expiresAt === null) return <>never</>;
  if (expiresAt <= now) return <Badge tone="warn">ended</Badge>;
  return (
    <time dateTime={new Date(expiresAt).toISOString()}>
      {new Date(expiresAt).toISOString().slice(0, 10)}
    </time>
  );
}
