grant select on rolecall.bookings to service_role;

grant select, insert, update, delete on rolecall.service_buffers to service_role;

grant select on rolecall.assignment_windows to service_role;
