insert into rolecall.edit_windows (role, seconds)
select role, case when role = 'admin' then 24 * 60 * 60 else 15 * 60 end
from unnest(enum_range(null::rolecall.app_role)) as role;

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values ('messages', 'enabled', 'Edits of messages, and what they said before.', 'conversations');

select set_config('rolecall.reason', '', true);

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'edit_message', 30, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
