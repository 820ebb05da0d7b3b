-- Somebody before a thread of their organisation, as far as it decides what they may do there.
create type rolecall.thread_actor as (
  -- Null without a profile.
  role rolecall.app_role,
  is_internal boolean,
  -- Null without an organisation.
  organization_id uuid,
  organization_role text,
  -- Null when the organisation has no such thread.
  thread_id uuid,
  client_id uuid,
  number_class text,
  -- The facts of the matrix for organisations.
  facts text[],
  -- Of all flags: while it is the same, each flag says the same of the same user.
  flags_revision bigint,
  -- Null when the texting is on for them and they have a profile.
  refusal jsonb
);
