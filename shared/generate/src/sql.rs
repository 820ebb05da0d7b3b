//! The limits and the codes as functions of the database.

use rolecall_shared::rules::{code::Code, limits};

/// The limits that the database checks too: the name of each in SQL, and what it says.
const LIMITS: &[(&str, i64)] = &[
    ("direct_message_chars", limits::DIRECT_MESSAGE_CHARS as i64),
    ("message_versions", limits::MAX_MESSAGE_VERSIONS),
    ("broadcast_chars", limits::BROADCAST_CHARS as i64),
    ("help_message_min_chars", limits::HELP_MESSAGE_MIN_CHARS as i64),
    ("help_message_max_chars", limits::HELP_MESSAGE_MAX_CHARS as i64),
    ("thread_message_chars", limits::THREAD_MESSAGE_CHARS as i64),
    ("media_urls", limits::MAX_MEDIA_URLS as i64),
    ("presence", limits::MAX_PRESENCE as i64),
    ("reaction_bytes", limits::MAX_REACTION_BYTES as i64),
    ("reaction_kinds", limits::MAX_REACTION_KINDS as i64),
    ("media_url_chars", limits::MEDIA_URL_CHARS as i64),
    ("force_reason_chars", limits::FORCE_REASON_CHARS as i64),
    ("report_reason_chars", limits::REPORT_REASON_CHARS as i64),
    ("note_chars", limits::NOTE_CHARS as i64),
    ("simulated_users", limits::MAX_SIMULATED_USERS as i64),
    ("idempotency_key_chars", limits::MAX_IDEMPOTENCY_KEY_CHARS as i64),
    ("default_page", limits::DEFAULT_PAGE),
    ("page", limits::MAX_PAGE),
    ("messages_page", limits::MAX_MESSAGES_PAGE),
    ("pinned_conversations", limits::MAX_PINNED),
    ("sync_page", limits::MAX_SYNC_PAGE),
    ("known_conversations", limits::MAX_KNOWN_CONVERSATIONS as i64),
    ("caught_up_messages", limits::MAX_CAUGHT_UP_MESSAGES as i64),
    ("checks", limits::MAX_CHECKS as i64),
    ("webhooks", limits::MAX_WEBHOOKS as i64),
    ("webhook_url_chars", limits::WEBHOOK_URL_CHARS as i64),
    ("webhook_description_chars", limits::WEBHOOK_DESCRIPTION_CHARS as i64),
    ("webhook_pending", limits::MAX_WEBHOOK_PENDING as i64),
    ("logged_refusals", limits::LOGGED_REFUSALS as i64),
];

/// One function for each limit. It is parsed when it is made, looks nothing up when it runs, and has no SET clause, so
/// that a plan has its number in it.
pub fn limits() -> String {
    let functions = LIMITS.iter().map(|(name, limit)| {
        format!(
            "
create or replace function rolecall_internal.limit_{name}()
returns int
language sql
immutable
parallel safe
return {limit};
"
        )
    });
    format!(
        "-- The limits of the wire. Generated from shared/src/rules/limits.rs by `make generate`; do not edit.\n{}",
        functions.collect::<String>()
    )
}

/// Which codes of `request_metrics` are failures. Like the limits it has no SET clause, so that a plan has the codes in it.
pub fn failures() -> String {
    let codes: Vec<_> = Code::ALL.iter().filter(|code| code.is_failure()).map(|code| literal(code.as_str())).collect();
    format!(
        "\
-- Which codes are failures. Generated from shared/src/rules/code.rs by `make generate`; do not edit.

-- Whether a request with this code failed: its answer was 500 or more, or its statement never answered. Refusals are
-- neither failures nor successes; success is ok / (ok + failures).
create or replace function rolecall_internal.is_failure(p_code text)
returns boolean
language sql
immutable
parallel safe
return p_code in ({});
",
        codes.join(", ")
    )
}

/// A text as SQL writes it.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, limits, literal};

    #[test]
    fn every_limit_is_a_function() {
        let text = limits();
        assert_eq!(text.matches("create or replace function ").count(), LIMITS.len());
        assert!(
            text.contains("function rolecall_internal.limit_direct_message_chars()") && text.contains("return 2000;")
        );
    }

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("one's"), "'one''s'");
    }
}
