alter table rolecall.block_changes enable row level security;
