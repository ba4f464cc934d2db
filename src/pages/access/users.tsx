// Users: the list with a form for another one, and the page of one user.
import type { Child } from "#jsx/jsx-runtime";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Confirmed, Field, NewPassword, NextPage, Table } from "../parts.tsx";
import { render } from "../render.ts";
import { AccessPage } from "./tabs.tsx";

/** A user. Times are Unix ms. */
export interface ShownUser {
  readonly name: string;
  readonly isAdmin: boolean;
  /** null while the user may log in. */
  readonly disabledAt: number | null;
  readonly createdAt: number;
}

/** What the list shows. */
export interface UsersList {
  readonly users: readonly ShownUser[];
  /** Of the next page; null for none. */
  readonly next: string | null;
  /** The name that was typed, when the form was refused. */
  readonly typed: string;
  readonly said: string | null;
}

/** The list. */
export function usersPage(frame: Frame, { users, next, typed, said }: UsersList): string {
  return render(
    <AccessPage frame={frame} tab="users" title="Users" said={said}>
      <Table
        label="Users"
        head={
          <>
            <th scope="col">Name</th>
            <th scope="col">Rights</th>
            <th scope="col">Added</th>
          </>
        }
      >
        {users.map((user) => (
          <tr key={user.name}>
            <th scope="row">
              <a href={at.user(user.name)}>{user.name}</a>
            </th>
            <td>
              <Standing user={user} />
            </td>
            <td>
              <Ago time={user.createdAt} now={frame.now} />
            </td>
          </tr>
        ))}
      </Table>
      <NextPage href={next} />
      <h2>Add a user</h2>
      <form method="post" action={at.users}>
        <div class="fields">
          <Field label="Name">
            <input name="name" value={typed} autocomplete="off" maxlength={128} required />
          </Field>
          <NewPassword label="Password" hint="at least 8 characters" />
          <button type="submit" class="primary">
            Add
          </button>
        </div>
        <p>
          <label>
            <input type="checkbox" name="administrator" value="yes" /> Administrator: may do
            everything
          </label>
        </p>
      </form>
    </AccessPage>,
  );
}

function Standing({ user: { isAdmin, disabledAt } }: { readonly user: ShownUser }) {
  if (disabledAt !== null) return <Badge tone="bad">disabled</Badge>;
  return isAdmin ? <Badge tone="accent">administrator</Badge> : <>rights by rules</>;
}

/** The page of one user. @param rules about this user, as texts. */
export function userPage(
  frame: Frame,
  {
    user,
    rules,
    said,
  }: {
    readonly user: ShownUser;
    readonly rules: readonly string[];
    readonly said: string | null;
  },
): string {
  const { name, isAdmin, disabledAt } = user;
  return render(
    <AccessPage frame={frame} tab="users" title={name} said={said}>
      <p>
        <Standing user={user} />, added <Ago time={user.createdAt} now={frame.now} />
        {name === frame.visitor.name ? " (you)" : ""}
      </p>
      <h2>Rules about {name}</h2>
      {rules.length === 0 ? <p class="empty">None.</p> : null}
      <ul>
        {rules.map((rule) => (
          <li key={rule}>
            <code>{rule}</code>
          </li>
        ))}
      </ul>
      <p>
        <a href={at.rules({ who: name })}>Add a rule, or ask what {name} may do</a>
      </p>
      <h2>Change the password</h2>
      <form method="post" action={at.user(name)} class="fields">
        <input type="hidden" name="change" value="password" />
        <NewPassword label="New password" hint="ends all logins of the user" />
        <button type="submit">Change</button>
      </form>
      <h2>Change the rights</h2>
      <div class="bar">
        <Change name={name} change={isAdmin ? "demote" : "promote"}>
          {isAdmin ? "Make a user like others" : "Make an administrator"}
        </Change>
        <Change name={name} change={disabledAt === null ? "disable" : "enable"}>
          {disabledAt === null ? "Disable" : "Enable"}
        </Change>
      </div>
      <Confirmed label={`Remove ${name}`}>
        <p>
          The rules about {name} are removed as well. What {name} pushed stays.
        </p>
        <Change name={name} change="remove">
          Remove {name}
        </Change>
      </Confirmed>
    </AccessPage>,
  );
}

function Change(props: {
  readonly name: string;
  readonly change: string;
  readonly children: Child;
}) {
  const { name, change, children } = props;
  return (
    <form method="post" action={at.user(name)}>
      <input type="hidden" name="change" value={change} />
      <button type="submit" class={change === "remove" ? "danger" : undefined}>
        {children}
      </button>
    </form>
  );
}
