-- Keeps rolecall.help_requests in step with your own table: the rows that exist and those that will.
--
-- Here the table is public.help_requests (id uuid, user_id uuid, title text, description text, status text); change the names
-- where yours differ. Copy it into your own migrations behind the file that makes the profiles, and apply it as the login that
-- applied Rolecall's migrations. It can be applied again. To undo it: help_requests_from_own_table_undo.sql.
--
-- Conversations about a request outlive it: a request that you delete is cancelled here, without its texts.

-- Change the translation to the words of your table. Nobody can offer help on a request with a status that is not named.
create or replace function public.rolecall_help_status(p_status text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_status
    when 'open' then 'open'
    when 'in_progress' then 'in_progress'
    when 'completed' then 'completed'
    when 'cancelled' then 'cancelled'
    else 'closed'
  end;
end
$$;

-- Rolecall refuses texts that show nothing or are too long. A write to your table must not fail because of that.
create or replace function public.rolecall_help_text(p_text text, p_most int, p_otherwise text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := left(btrim(p_text), p_most);
begin
  return case when rolecall_internal.is_text(v_text, 1, p_most) then v_text else p_otherwise end;
end
$$;

create or replace function public.rolecall_help_request_of_own_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Your table works on when Rolecall was taken out.
  if to_regclass('rolecall.help_requests') is null then
    return null;
  end if;
  if tg_op = 'DELETE' then
    update rolecall.help_requests
    set
      title = 'Deleted help request',
      description = '',
      status = 'cancelled'
    where id = old.id;
    return null;
  end if;
  -- A request of somebody without a profile waits until this file is applied again.
  insert into rolecall.help_requests (id, requester_id, title, description, status)
  select
    new.id,
    profile.id,
    public.rolecall_help_text(new.title, 200, 'Help request'),
    public.rolecall_help_text(new.description, 4000, ''),
    public.rolecall_help_status(new.status)
  from rolecall.profiles as profile
  where profile.id = new.user_id
  on conflict (id) do update
  set
    title = excluded.title,
    description = excluded.description,
    status = excluded.status;
  return null;
end
$$;

-- Supabase grants new functions to everybody by itself.
revoke execute on function
  public.rolecall_help_status(text),
  public.rolecall_help_text(text, int, text),
  public.rolecall_help_request_of_own_row()
  from public, anon, authenticated, service_role;

create or replace trigger rolecall_help_request_follows
after insert or update or delete on public.help_requests
for each row
execute function public.rolecall_help_request_of_own_row();

-- Those that exist. The trigger comes first, so that no row that is written meanwhile is missed.
insert into rolecall.help_requests (id, requester_id, title, description, status)
select
  own.id,
  profile.id,
  public.rolecall_help_text(own.title, 200, 'Help request'),
  public.rolecall_help_text(own.description, 4000, ''),
  public.rolecall_help_status(own.status)
from public.help_requests as own
join rolecall.profiles as profile
  on profile.id = own.user_id
on conflict (id) do nothing;
