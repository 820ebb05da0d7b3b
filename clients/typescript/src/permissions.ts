// Decides as the server does, so that a client knows before it asks. A test compares every decision with the server's.

import {
  DOMAIN,
  ORGANIZATION_DOMAIN,
  type Action,
  type Code,
  type Domain,
  type Fact,
  type OrganizationAction,
  type OrganizationFact,
  type OrganizationRole,
  type Role,
} from './rules.generated.js';

/**
 * What is known to hold. What is left out is taken to be as it is for most: the function is switched on, the actor takes
 * part in the conversation, and nothing else holds. What the action does not look at changes nothing.
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

/**
 * Decides in a domain whether an actor, null for somebody without a role, may do something to a target. What `facts` leaves out
 * is taken from `usual`, and otherwise not to hold.
 */
export function decideIn<A extends string, R extends string, T extends string, F extends string>(
  domain: Domain<A, R, T, F>,
  action: A,
  actor: R | null,
  target: T,
  facts: Partial<Record<F, boolean>>,
  usual: Partial<Record<F, boolean>> = {},
): Decision {
  // Guards and rows are given what the action looks at, and nothing else.
  const seen = new Set<F>((domain.facts[action] ?? []).filter((fact) => facts[fact] ?? usual[fact] ?? false));

  const guard = domain.guards.find(
    ({ action: guarded, actors, fact, deniesWhen }) =>
      guarded === action &&
      (actors === null || (actor !== null && actors.includes(actor))) &&
      seen.has(fact) === deniesWhen,
  );
  if (guard) return refusal(guard);

  const row = domain.rows.find(
    ({ action: named, actors, targets }) =>
      named === action && actor !== null && actors.includes(actor) && targets.includes(target),
  );
  if (!row) return refusal(domain.uncovered);
  const { grant, rule } = row;
  const granted =
    typeof grant === 'string' ? grant === 'always' : 'if' in grant ? seen.has(grant.if) : !seen.has(grant.unless);
  return granted ? { allowed: true, rule } : refusal({ ...row, code: 'permission_denied' });
}

function refusal({ code, rule, message, allowedIf }: Required<Omit<Decision, 'allowed'>>): Decision {
  return { allowed: false, code, rule, message, allowedIf };
}

const USUAL: Facts = { feature_enabled: true, participant: true };

/** Decides whether `actor` may do `action` to `target`, and says why not. */
export function explain(action: Action, actor: Role, target: Role, facts: Facts = {}): Decision {
  return decideIn(DOMAIN, action, actor, target, facts, USUAL);
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

/** Whether somebody may react to a message of somebody that they read. */
export function canReact(actor: Role, target: Role, facts?: Facts): boolean {
  return explain('react', actor, target, facts).allowed;
}

/**
 * What is known to hold in an organisation. What is left out is taken to be as it is for most: the function is switched on,
 * and the thread is one of the own organisation. What the action does not look at changes nothing.
 */
export type OrganizationFacts = Partial<Record<OrganizationFact, boolean>>;

const USUAL_IN_AN_ORGANIZATION: OrganizationFacts = { feature_enabled: true, own_organization: true };

/** Decides whether somebody with a role in an organisation, or with none, may do something there, and says why not. */
export function explainInOrganization(
  action: OrganizationAction,
  actor: OrganizationRole | null,
  facts: OrganizationFacts = {},
): Decision {
  return decideIn(ORGANIZATION_DOMAIN, action, actor, '', facts, USUAL_IN_AN_ORGANIZATION);
}

/** Whether somebody may read a thread of their organisation. */
export function canReadThread(actor: OrganizationRole | null, facts?: OrganizationFacts): boolean {
  return explainInOrganization('read_thread', actor, facts).allowed;
}

/** Whether somebody may write into a thread of their organisation. */
export function canSendToThread(actor: OrganizationRole | null, facts?: OrganizationFacts): boolean {
  return explainInOrganization('send_to_thread', actor, facts).allowed;
}
