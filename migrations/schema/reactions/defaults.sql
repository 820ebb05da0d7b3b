select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values ('reactions', 'enabled', 'Reactions to messages.', 'conversations');

select set_config('rolecall.reason', '', true);

-- Reacting, and taking it back.
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'react', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
