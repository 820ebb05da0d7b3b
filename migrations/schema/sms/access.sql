grant select on rolecall.sms_outbox to service_role;
