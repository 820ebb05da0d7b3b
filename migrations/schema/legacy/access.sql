grant execute on function rolecall.import_legacy_conversations(jsonb) to service_role;
