-- The permission matrix. Generated from shared/src/matrix.rs by `make generate`; do not edit.

with source (action, position, fact, denies_when, code, rule, message, allowed_if) as (
  values
    ('start_dm', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('start_dm', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('start_dm', 3::smallint, 'self', true, 'permission_denied', 'self_message', 'Nobody can message themselves.', 'The recipient is somebody else.'),
    ('start_dm', 4::smallint, 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('reply', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('reply', 2::smallint, 'participant', false, 'not_found', 'not_a_participant', 'No conversation with this id has you as a participant.', 'You take part in the conversation.'),
    ('reply', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('reply', 4::smallint, 'broadcast_recipient', true, 'permission_denied', 'broadcast_not_answerable', 'A broadcast cannot be replied to.', 'You write to the sender in a direct message, where your role allows it.'),
    ('reply', 5::smallint, 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'This conversation can be read, but not written.', 'You start a new conversation.'),
    ('reply', 6::smallint, 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('broadcast', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('broadcast', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('moderate', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('moderate', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.')
), gone as (
  delete from rolecall.permission_guards as guard
  where not exists (
    select
    from source
    where source.action = guard.action
      and source.position = guard.position
  )
)
insert into rolecall.permission_guards (action, position, fact, denies_when, code, rule, message, allowed_if)
select action, position, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, position) do update
set
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, actor_role, target_role, allowed, requires, rule, message, allowed_if) as (
  values
    ('start_dm', 'attendee'::public.app_role, 'attendee'::public.app_role, false, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer; show organizers, moderators and admins can be answered once they write.'),
    ('start_dm', 'attendee'::public.app_role, 'dealer'::public.app_role, false, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer; show organizers, moderators and admins can be answered once they write.'),
    ('start_dm', 'attendee'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'attendee_writes_to_mvp_dealer', 'An attendee can start a direct message with an MVP dealer.', ''),
    ('start_dm', 'attendee'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer; show organizers, moderators and admins can be answered once they write.'),
    ('start_dm', 'attendee'::public.app_role, 'moderator'::public.app_role, false, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer; show organizers, moderators and admins can be answered once they write.'),
    ('start_dm', 'attendee'::public.app_role, 'admin'::public.app_role, false, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer; show organizers, moderators and admins can be answered once they write.'),
    ('start_dm', 'dealer'::public.app_role, 'attendee'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'mvp_dealer'::public.app_role, 'attendee'::public.app_role, true, 'shares_show', 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer'::public.app_role, 'dealer'::public.app_role, true, 'shares_show', 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'mvp_dealer_writes_to_organizer', 'An MVP dealer can start a direct message with a show organizer.', ''),
    ('start_dm', 'mvp_dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'show_organizer'::public.app_role, 'attendee'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::public.app_role, 'dealer'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::public.app_role, 'moderator'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::public.app_role, 'admin'::public.app_role, true, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'attendee'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'dealer'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'moderator'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::public.app_role, 'admin'::public.app_role, true, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'attendee'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'dealer'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'moderator'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::public.app_role, 'admin'::public.app_role, true, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('reply', 'attendee'::public.app_role, 'attendee'::public.app_role, false, null::text, 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee'::public.app_role, 'dealer'::public.app_role, false, null::text, 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::public.app_role, 'moderator'::public.app_role, true, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::public.app_role, 'admin'::public.app_role, true, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'dealer'::public.app_role, 'attendee'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'mvp_dealer'::public.app_role, 'attendee'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::public.app_role, 'dealer'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::public.app_role, 'moderator'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::public.app_role, 'admin'::public.app_role, true, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'attendee'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'dealer'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'moderator'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::public.app_role, 'admin'::public.app_role, true, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'attendee'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'dealer'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'moderator'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::public.app_role, 'admin'::public.app_role, true, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'attendee'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'dealer'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'moderator'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::public.app_role, 'admin'::public.app_role, true, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('broadcast', 'attendee'::public.app_role, 'attendee'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::public.app_role, 'dealer'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::public.app_role, 'moderator'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::public.app_role, 'admin'::public.app_role, false, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'dealer'::public.app_role, 'attendee'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'attendee'::public.app_role, true, 'takes_part', 'mvp_dealer_broadcasts_to_attendees', 'An MVP dealer can broadcast to the attendees of a show in which they take part.', 'You take part in the show.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'show_organizer'::public.app_role, 'attendee'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::public.app_role, 'dealer'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::public.app_role, 'mvp_dealer'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::public.app_role, 'show_organizer'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::public.app_role, 'moderator'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::public.app_role, 'admin'::public.app_role, true, 'own_show', 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'moderator'::public.app_role, 'attendee'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::public.app_role, 'dealer'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::public.app_role, 'moderator'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::public.app_role, 'admin'::public.app_role, false, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'admin'::public.app_role, 'attendee'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::public.app_role, 'dealer'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::public.app_role, 'moderator'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::public.app_role, 'admin'::public.app_role, true, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('moderate', 'attendee'::public.app_role, 'attendee'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::public.app_role, 'dealer'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::public.app_role, 'moderator'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::public.app_role, 'admin'::public.app_role, false, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'attendee'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'attendee'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'dealer'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'mvp_dealer'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'show_organizer'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'moderator'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::public.app_role, 'admin'::public.app_role, false, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'show_organizer'::public.app_role, 'attendee'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::public.app_role, 'dealer'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::public.app_role, 'mvp_dealer'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::public.app_role, 'show_organizer'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::public.app_role, 'moderator'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::public.app_role, 'admin'::public.app_role, true, 'own_show', 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'moderator'::public.app_role, 'attendee'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::public.app_role, 'dealer'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::public.app_role, 'moderator'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::public.app_role, 'admin'::public.app_role, true, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'attendee'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'dealer'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'mvp_dealer'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'show_organizer'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'moderator'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::public.app_role, 'admin'::public.app_role, true, null::text, 'admin_moderates', 'An admin can moderate everything.', '')
), gone as (
  delete from rolecall.permission_rules as rule
  where not exists (
    select
    from source
    where source.action = rule.action
      and source.actor_role = rule.actor_role
      and source.target_role = rule.target_role
  )
)
insert into rolecall.permission_rules (action, actor_role, target_role, allowed, requires, rule, message, allowed_if)
select action, actor_role, target_role, allowed, requires, rule, message, allowed_if
from source
on conflict (action, actor_role, target_role) do update
set
  allowed = excluded.allowed,
  requires = excluded.requires,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

insert into rolecall.schema_migrations (version, name)
values (3, 'permission_rules')
on conflict (version) do nothing;
