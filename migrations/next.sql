-- 0004: the role `member`, by itself: PostgreSQL lets nobody use a new value in the transaction that adds it. A value
-- cannot be taken out of a type, so it stays when this is taken back, and no rule names it then.

-- identity

alter type rolecall.app_role add value if not exists 'member';
