insert into rolecall.broadcast_limits (role, phase, per_quota_day)
values
  ('show_organizer', 'pre_show', 2),
  ('show_organizer', 'post_show', 1),
  ('mvp_dealer', 'pre_show', 2),
  ('mvp_dealer', 'post_show', 1),
  ('admin', 'pre_show', null),
  ('admin', 'post_show', null);
