grant select on rolecall.shows to authenticated;

grant select, insert, update, delete on rolecall.shows to service_role;

grant select on rolecall.show_participants to authenticated;

grant select, insert, update, delete on rolecall.show_participants to service_role;
