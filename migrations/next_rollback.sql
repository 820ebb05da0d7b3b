-- bookings

delete from rolecall.rate_limits
where action = 'assign_booking';

-- threads

delete from rolecall.rate_limits
where action in ('send_thread_message', 'force_send');

-- sms

delete from rolecall.alert_rules
where name in ('sms_dead', 'sms_uncertain', 'sms_backlog', 'number_pool_exhausted');

-- flags

delete from rolecall.feature_flags
where name in ('proactive_thread_creation', 'sitter_messages_v1');

delete from rolecall.feature_flags
where name = 'messaging_v1';

-- identity

create index profiles_organization_id_idx
  on rolecall.profiles (organization_id, id);

alter table rolecall.profiles drop constraint profiles_organization_id_id_key;

alter table rolecall.organizations
  drop column help_text,
  drop column allowed_domains,
  drop column time_zone;
