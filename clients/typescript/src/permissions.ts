// Decides as the server does, so that a client knows before it asks. A test compares every decision with the server's.

import { GUARDS, ROWS, type Action, type Code, type Fact, type Role } from './rules.generated.js';

/**
 * What is known to hold. What is left out is taken to be as it is for most: the function is switched on, the actor takes
 * part in the conversation, and nothing else holds.
 */
export type Facts = Partial<Record<Fact, boolean>>;

/** What the matrix says, and why. */
export interface Decision {
  readonly allowed: boolean;
  /** The error code a refused request receives. */
  readonly code?: Code;
  /** The rule that decided. */
  readonly rule: string;
  /** Why it is refused, for people. */
  readonly message?: string;
  /** What would make it allowed, for people. */
  readonly allowedIf?: string;
}

const USUAL: Facts = { feature_enabled: true, participant: true };

/** Decides whether `actor` may do `action` to `target`, and says why not. */
export function explain(action: Action, actor: Role, target: Role, facts: Facts = {}): Decision {
  const holds = (fact: Fact): boolean => facts[fact] ?? USUAL[fact] ?? false;

  const guard = GUARDS.find((guard) => guard.action === action && holds(guard.fact) === guard.deniesWhen);
  if (guard) {
    return {
      allowed: false,
      code: guard.code,
      rule: guard.rule,
      message: guard.message,
      allowedIf: guard.allowedIf,
    };
  }

  const row = ROWS.find((row) => row.action === action && row.actor === actor && row.targets.includes(target));
  if (!row) {
    return {
      allowed: false,
      code: 'permission_denied',
      rule: 'no_rule',
      message: 'No rule allows this.',
      allowedIf: 'A rule is added for these roles.',
    };
  }
  const granted =
    typeof row.grant === 'object'
      ? !holds(row.grant.unless)
      : row.grant === 'always' || (row.grant !== 'never' && holds(row.grant));
  if (granted) {
    return { allowed: true, rule: row.rule };
  }
  return {
    allowed: false,
    code: 'permission_denied',
    rule: row.rule,
    message: row.message,
    allowedIf: row.allowedIf,
  };
}

/** Whether somebody may start a direct message with somebody. */
export function canSendDirectMessage(actor: Role, target: Role, facts?: Facts): boolean {
  return explain('start_dm', actor, target, facts).allowed;
}

/** Whether somebody may reply to somebody in a conversation. */
export function canReplyToMessage(actor: Role, target: Role, facts?: Facts): boolean {
  return explain('reply', actor, target, facts).allowed;
}

/** Whether somebody may broadcast to participants of a role. */
export function canSendBroadcast(actor: Role, target: Role, facts?: Facts): boolean {
  return explain('broadcast', actor, target, facts).allowed;
}

/** Whether somebody reads the broadcasts of somebody that went to them. */
export function canReadBroadcast(actor: Role, target: Role, facts?: Facts): boolean {
  return explain('read_broadcast', actor, target, facts).allowed;
}
