-- The limits of the wire. Generated from shared/src/rules/limits.rs by `make generate`; do not edit.

create or replace function rolecall_internal.limit_direct_message_chars()
returns int
language sql
immutable
parallel safe
return 2000;

create or replace function rolecall_internal.limit_message_versions()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_broadcast_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_help_message_min_chars()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_help_message_max_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_thread_message_chars()
returns int
language sql
immutable
parallel safe
return 1600;

create or replace function rolecall_internal.limit_media_urls()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_presence()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_reaction_bytes()
returns int
language sql
immutable
parallel safe
return 64;

create or replace function rolecall_internal.limit_reaction_kinds()
returns int
language sql
immutable
parallel safe
return 20;

create or replace function rolecall_internal.limit_media_url_chars()
returns int
language sql
immutable
parallel safe
return 2048;

create or replace function rolecall_internal.limit_force_reason_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_report_reason_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_note_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_simulated_users()
returns int
language sql
immutable
parallel safe
return 10000;

create or replace function rolecall_internal.limit_idempotency_key_chars()
returns int
language sql
immutable
parallel safe
return 255;

create or replace function rolecall_internal.limit_default_page()
returns int
language sql
immutable
parallel safe
return 50;

create or replace function rolecall_internal.limit_page()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_messages_page()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_pinned_conversations()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_sync_page()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_known_conversations()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_caught_up_messages()
returns int
language sql
immutable
parallel safe
return 500;

create or replace function rolecall_internal.limit_checks()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_webhooks()
returns int
language sql
immutable
parallel safe
return 20;

create or replace function rolecall_internal.limit_webhook_url_chars()
returns int
language sql
immutable
parallel safe
return 2000;

create or replace function rolecall_internal.limit_webhook_description_chars()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_webhook_pending()
returns int
language sql
immutable
parallel safe
return 100000;

create or replace function rolecall_internal.limit_logged_refusals()
returns int
language sql
immutable
parallel safe
return 10;
