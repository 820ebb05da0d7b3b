create or replace trigger feature_flags_touch_updated_at
before update on rolecall.feature_flags
for each row
when (
  (old.name, old.rollout, old.description, old.requires)
  is distinct from (new.name, new.rollout, new.description, new.requires)
)
execute function rolecall_internal.touch_updated_at();
