// What `breadbox user`, `token` and `access` print: facts in, text out.

import { utcTime } from "../amounts.ts";
import type { Tool } from "../tool.ts";
import { table } from "./table.ts";

type Listed = Awaited<ReturnType<Tool["accounts"]["list"]>>;

/** `2026-11-21 08:21`, in UTC. @param at Unix ms. */
export const day = (at: number | null, none: string): string =>
  at === null ? none : utcTime(at).slice(0, 16);

/** Users by name. */
export function usersText({ users }: Listed): string {
  if (users.length === 0) return "There are no users. To add one: breadbox user add NAME --admin";
  const rows = users.map(({ name, isAdmin, disabledAt, createdAt }) => [
    name,
    isAdmin ? "admin" : "user",
    disabledAt === null ? "active" : "disabled",
    day(createdAt, ""),
  ]);
  return table([["NAME", "KIND", "STATE", "CREATED (UTC)"], ...rows]);
}

/** Tokens by name. @param now Unix ms. */
export function tokensText({ tokens, rules }: Listed, now: number): string {
  if (tokens.length === 0) return "There are no tokens.";
  const rows = tokens.map(({ name, expiresAt, revokedAt, lastUsedAt }) => {
    const isOver = expiresAt !== null && expiresAt <= now;
    const grants = rules
      .filter(({ who }) => who === `token:${name}`)
      .map(({ pattern, actions }) => `${pattern}:${actions}`);
    return [
      name,
      revokedAt !== null ? "revoked" : isOver ? "expired" : "active",
      day(expiresAt, "never"),
      day(lastUsedAt, "never"),
      grants.join(" "),
    ];
  });
  return table([["NAME", "STATE", "EXPIRES (UTC)", "LAST USE (UTC)", "GRANTS"], ...rows]);
}

/** Rules in the order of their ids. */
export function rulesText({ rules }: Listed): string {
  if (rules.length === 0) return "There are no rules: only administrators may do anything.";
  const rows = rules.map(({ id, who, effect, pattern, actions }) => [
    String(id),
    effect,
    who,
    pattern,
    actions,
  ]);
  return table([["ID", "EFFECT", "WHO", "PATTERN", "ACTIONS"], ...rows]);
}
