// Decides as the server does, so that a client knows before it asks. A test compares every decision with the server's.

import {
  GUARDS,
  ORGANIZATION_GUARDS,
  ORGANIZATION_ROWS,
  ROWS,
  type Action,
  type Code,
  type Fact,
  type OrganizationAction,
  type OrganizationFact,
  type OrganizationRole,
  type Role,
} from './rules.generated.js';

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

/**
 * What is known to hold in an organisation. What is left out is taken to be as it is for most: the function is switched on,
 * and the thread is one of the own organisation.
 */
export type OrganizationFacts = Partial<Record<OrganizationFact, boolean>>;

const USUAL_IN_AN_ORGANIZATION: OrganizationFacts = { feature_enabled: true, own_organization: true };

/** Decides whether somebody with a role in an organisation, or with none, may do something there, and says why not. */
export function explainInOrganization(
  action: OrganizationAction,
  actor: OrganizationRole | null,
  facts: OrganizationFacts = {},
): Decision {
  const holds = (fact: OrganizationFact): boolean => facts[fact] ?? USUAL_IN_AN_ORGANIZATION[fact] ?? false;
  const row = actor && ORGANIZATION_ROWS.find((row) => row.action === action && row.actors.includes(actor));
  if (!row) {
    return {
      allowed: false,
      code: 'permission_denied',
      rule: 'no_organization_role',
      message: 'You have no role in an organisation, so none allows this.',
      allowedIf: 'Your organisation gives you a role.',
    };
  }
  const guard = ORGANIZATION_GUARDS.find(
    (guard) => guard.action === action && guard.actors.includes(actor) && holds(guard.fact) === guard.deniesWhen,
  );
  if (!guard && row.allows) {
    return { allowed: true, rule: row.rule };
  }
  const refused = guard ?? { ...row, code: 'permission_denied' };
  return {
    allowed: false,
    code: refused.code,
    rule: refused.rule,
    message: refused.message,
    allowedIf: refused.allowedIf,
  };
}

/** Whether somebody may read a thread of their organisation. */
export function canReadThread(actor: OrganizationRole | null, facts?: OrganizationFacts): boolean {
  return explainInOrganization('read_thread', actor, facts).allowed;
}

/** Whether somebody may write into a thread of their organisation. */
export function canSendToThread(actor: OrganizationRole | null, facts?: OrganizationFacts): boolean {
  return explainInOrganization('send_to_thread', actor, facts).allowed;
}
