-- Takes back help_requests_from_own_table.sql. The rows of rolecall.help_requests stay.

drop trigger if exists rolecall_help_request_follows on public.help_requests;
drop function if exists public.rolecall_help_request_of_own_row();
drop function if exists public.rolecall_help_text(text, int, text);
drop function if exists public.rolecall_help_status(text);
