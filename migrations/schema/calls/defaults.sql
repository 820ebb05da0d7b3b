insert into rolecall.feature_flags (name, rollout, description)
values
  ('send-dm', 'enabled', 'Direct messages and replies.'),
  ('send-broadcast', 'enabled', 'Broadcasts to the audience of a show.'),
  ('reset-broadcast-quotas', 'enabled', 'The nightly reset of the broadcast quotas.'),
  ('start-conversation', 'enabled', 'Offers of help, which begin help conversations.'),
  ('help-conversations', 'enabled', 'Help requests, and the messages of help conversations.'),
  ('diagnostics', 'enabled', 'The report for owners and admins of an organisation.'),
  ('check-permission', 'enabled', 'Checks of what somebody may do, and why not, before they try.'),
  ('conversations', 'enabled', 'The inbox: conversations, their messages, what is unread.'),
  ('moderation', 'enabled', 'Reports, deleting and restoring messages, suspensions.'),
  ('blocks', 'enabled', 'Blocking users.'),
  ('own-data', 'enabled', 'Export and deletion of one''s own data.');

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, action, capacity, window_seconds
from unnest(enum_range(null::rolecall.app_role)) as role
cross join (
  values
    ('send_dm', 60, 60),
    ('send_broadcast', 10, 60),
    ('start_conversation', 20, 60),
    ('send_help_message', 60, 60),
    ('read_help_conversation', 120, 60),
    ('ask_for_help', 20, 3600),
    ('change_help', 60, 60),
    ('update_profile', 20, 3600),
    ('report_message', 10, 60),
    ('block_user', 60, 60),
    ('unblock_user', 60, 60),
    ('export_own_data', 10, 3600),
    ('export_page', 6000, 60),
    ('delete_own_data', 60, 60),
    -- Also moderators who work through a queue, and authors who delete.
    ('moderate', 300, 60),
    ('diagnostics', 60, 60),
    ('check_permission', 600, 60),
    ('mark_read', 600, 60),
    -- The inbox, messages, lists, and broadcasts that are rehearsed.
    ('read', 600, 60)
) as limited (action, capacity, window_seconds);
