//! `docs/openapi.yaml`, put together from its parts in `docs/openapi`.
//!
//! A part has `paths` and sections of `components`, which are appended to those of the other parts; `base.yaml` comes
//! first and has the head of the document as well. In a part `$name` stands for a value that Rust knows: a limit
//! (`$MAX_PAGE`), the names of an enum (`$roles`), the status of a code (`$status.not_found`), or the version.

use anyhow::{Context, Result, bail, ensure};
use rolecall_shared::rules::{
    blank::is_blank,
    code::Code,
    limits,
    matrix::{
        Action, Fact, Role,
        organization::{OrganizationAction, OrganizationFact, OrganizationRole},
    },
    sms::Encoding,
    vocabulary::{
        ConversationKind, DeliveryState, EventType, HelpConversationStatus, Name, ReportStatus, ReviewDecision,
        ThreadScope, ThreadStatus,
    },
};
use std::{fmt::Write, fs, path::Path};

/// The part that comes first.
const BASE: &str = "base.yaml";

/// The sections of `components`, in the order of the document.
const SECTIONS: [&str; 5] = ["securitySchemes", "parameters", "headers", "responses", "schemas"];

/// A list longer than this has a line for each entry.
const WIDTH: usize = 100;

/// What the parts say, section by section.
#[derive(Default)]
struct Bundle {
    head: String,
    paths: String,
    sections: [String; SECTIONS.len()],
}

/// Where a line of a part belongs.
#[derive(Clone, Copy)]
enum Place {
    Head,
    Paths,
    Components,
    Section(usize),
}

/// The text of `docs/openapi.yaml`.
pub fn document(root: &Path) -> Result<String> {
    let folder = root.join("docs/openapi");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().into_string().ok().context("a part whose name is not UTF-8")?;
        if name.ends_with(".yaml") {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name != BASE, name.clone()));
    let mut bundle = Bundle::default();
    for name in names {
        let text = fs::read_to_string(folder.join(&name))?;
        bundle.append(&text, name == BASE).with_context(|| format!("docs/openapi/{name}"))?;
    }
    Ok(bundle.text())
}

impl Bundle {
    fn append(&mut self, text: &str, is_base: bool) -> Result<()> {
        // The comment at the start is about the part.
        let lines = text.lines().skip_while(|line| line.is_empty() || line.starts_with('#'));
        let mut place = Place::Head;
        for line in lines {
            let top = !line.is_empty() && !line.starts_with(' ');
            place = match line {
                "paths:" => Place::Paths,
                "components:" => Place::Components,
                _ if top => Place::Head,
                _ => place,
            };
            if matches!(line, "paths:" | "components:") {
                continue;
            }
            if let (Place::Components | Place::Section(_), Some(name)) = (place, section(line)) {
                let number = SECTIONS.iter().position(|known| *known == name);
                place = Place::Section(number.with_context(|| format!("an unknown section {name}"))?);
                continue;
            }
            let line = filled(line)?;
            let target = match place {
                Place::Head => {
                    ensure!(is_base, "only {BASE} may say this: {line}");
                    &mut self.head
                }
                Place::Paths => &mut self.paths,
                Place::Components if line.is_empty() => continue,
                Place::Components => bail!("a line outside the sections: {line}"),
                Place::Section(number) => &mut self.sections[number],
            };
            target.push_str(&line);
            target.push('\n');
        }
        for target in [&mut self.head, &mut self.paths].into_iter().chain(&mut self.sections) {
            let end = target.trim_end().len();
            target.truncate(end);
            if !target.is_empty() {
                target.push('\n');
            }
        }
        Ok(())
    }

    fn text(self) -> String {
        let mut text =
            format!("# Put together from docs/openapi/*.yaml by `make generate`; do not edit.\n\n{}", self.head);
        let _ = write!(text, "\npaths:\n{}\ncomponents:\n", self.paths);
        let sections: Vec<_> =
            SECTIONS.iter().zip(self.sections).map(|(name, text)| format!("  {name}:\n{text}")).collect();
        text + &sections.join("\n")
    }
}

/// The name of a section that begins with this line.
fn section(line: &str) -> Option<&str> {
    line.strip_prefix("  ")?.strip_suffix(':').filter(|name| !name.starts_with([' ', '#']))
}

/// A line with every `$name` filled in.
fn filled(line: &str) -> Result<String> {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let length = after.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c))).unwrap_or(after.len());
        let name = &after[..length];
        text.push_str(before);
        match name {
            // A dollar sign by itself ends a regular expression.
            "" | "ref" => {
                let _ = write!(text, "${name}");
            }
            _ => {
                let value = value(name, &text).with_context(|| format!("nothing is called ${name}"))?;
                if value.starts_with('\n') {
                    text.truncate(text.trim_end().len());
                }
                text.push_str(&value);
            }
        }
        rest = &after[length..];
    }
    Ok(text + rest)
}

/// What `$name` stands for, behind this start of its line.
fn value(name: &str, before: &str) -> Option<String> {
    macro_rules! limit {
        ($($name:ident),*) => {
            match name { $(stringify!($name) => Some(limits::$name.to_string()),)* _ => None }
        };
    }
    let names = match name {
        "version" => return Some(env!("CARGO_PKG_VERSION").to_owned()),
        // More reasons than are listed.
        "more_reasons" => return Some((limits::MAX_REASONS + 1).to_string()),
        "roles" => list(Role::ALL, Role::as_str),
        "actions" => list(Action::ALL, Action::as_str),
        "facts" => list(Fact::ALL, Fact::as_str),
        "organization_roles" => list(OrganizationRole::ALL, OrganizationRole::as_str),
        "organization_actions" => list(OrganizationAction::ALL, OrganizationAction::as_str),
        "organization_facts" => list(OrganizationFact::ALL, OrganizationFact::as_str),
        "thread_scopes" => list(ThreadScope::EVERY, ThreadScope::name),
        "thread_statuses" => list(ThreadStatus::EVERY, ThreadStatus::name),
        "encodings" => list(Encoding::EVERY, Encoding::name),
        "codes" => list(Code::ALL, Code::as_str),
        "conversation_kinds" => list(ConversationKind::EVERY, ConversationKind::name),
        "help_conversation_statuses" => list(HelpConversationStatus::EVERY, HelpConversationStatus::name),
        "event_types" => list(EventType::EVERY, EventType::name),
        "delivered_types" => {
            let mut names = list(EventType::EVERY, EventType::name);
            names.push("webhook.test");
            names
        }
        "delivery_states" => list(DeliveryState::EVERY, DeliveryState::name),
        "report_statuses" => list(ReportStatus::EVERY, ReportStatus::name),
        "review_decisions" => list(ReviewDecision::EVERY, ReviewDecision::name),
        "review_decisions_without_end" => {
            let mut names = list(ReviewDecision::EVERY, ReviewDecision::name);
            names.retain(|name| *name != ReviewDecision::Suspend.name());
            names
        }
        "text_pattern" => return Some(text_pattern()),
        "help_message_pattern" => return Some(trimmed_pattern(limits::HELP_MESSAGE_MIN_CHARS)),
        _ => {
            if let Some(code) = name.strip_prefix("status.") {
                return Code::from_name(code).map(|code| code.status().as_u16().to_string());
            }
            return limit!(
                BROADCAST_CHARS,
                DEFAULT_PAGE,
                DIRECT_MESSAGE_CHARS,
                FORCE_REASON_CHARS,
                MAX_MEDIA_URLS,
                MAX_PRESENCE,
                MAX_REACTION_BYTES,
                MAX_SEQ,
                MEDIA_URL_CHARS,
                THREAD_MESSAGE_CHARS,
                HELP_MESSAGE_MAX_CHARS,
                HELP_MESSAGE_MIN_CHARS,
                MAX_CHECKS,
                MAX_DIRECT_MESSAGES,
                MAX_IDEMPOTENCY_KEY_CHARS,
                MAX_KNOWN_CONVERSATIONS,
                MAX_MESSAGES_PAGE,
                MAX_MESSAGE_VERSIONS,
                MAX_PAGE,
                MAX_PINNED,
                MAX_REASONS,
                MAX_REQUEST_ID_CHARS,
                MAX_SIMULATED_USERS,
                MAX_SYNC_CURSOR_CHARS,
                MAX_SYNC_PAGE,
                MAX_WEBHOOKS,
                NAME_CHARS,
                NOTE_CHARS,
                SERVICE_CHARS,
                WEBHOOK_DESCRIPTION_CHARS,
                WEBHOOK_URL_CHARS
            );
        }
    };
    let line = format!("[{}]", names.join(", "));
    let indent = before.len() - before.trim_start().len();
    if before.len() + line.len() <= WIDTH || before.trim_start() != "enum: " {
        return Some(line);
    }
    let entries: String = names.iter().map(|name| format!("\n{:indent$}  - {name}", "")).collect();
    Some(entries)
}

/// Control characters that no text may have.
const CONTROLS: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";

/// The pattern of a text: no control characters, and one visible character. It names the blank characters of the basic
/// multilingual plane alone, because regular expressions of different languages have no way in common to write the others.
fn text_pattern() -> String {
    let mut blank = String::new();
    let mut from = None;
    for code in 0..=0x1_0000_u32 {
        let is_blank = code <= 0xffff && char::from_u32(code).is_some_and(is_blank);
        match (is_blank, from) {
            (true, None) => from = Some(code),
            (false, Some(first)) => {
                let last = code - 1;
                let _ = write!(blank, "\\u{first:04x}");
                if last > first {
                    let _ = write!(blank, "-\\u{last:04x}");
                }
                from = None;
            }
            _ => {}
        }
    }
    format!("^[^{CONTROLS}]*[^{blank}][^{CONTROLS}]*$")
}

/// The pattern of a text that has so many characters after trimming.
fn trimmed_pattern(least: usize) -> String {
    format!(r"^\s*\S[\s\S]{{{},}}\S\s*$", least.saturating_sub(2))
}

fn list<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    values.iter().map(|value| name(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_and_unknown_ones_are_refused() {
        assert_eq!(filled("maximum: $MAX_PAGE, default: $DEFAULT_PAGE}").unwrap(), "maximum: 100, default: 50}");
        assert_eq!(filled("  status: {const: $status.not_found}").unwrap(), "  status: {const: 404}");
        assert_eq!(filled("{enum: $report_statuses}").unwrap(), "{enum: [pending, dismissed, actioned]}");
        assert_eq!(filled("{$ref: '#/x', pattern: '^a$'}").unwrap(), "{$ref: '#/x', pattern: '^a$'}");
        assert!(filled("    enum: $codes").unwrap().starts_with("    enum:\n      - unauthenticated\n"));
        let long = filled("pattern: '$help_message_pattern'").unwrap();
        assert_eq!(long, r"pattern: '^\s*\S[\s\S]{8,}\S\s*$'");
        let text = filled("pattern: '$text_pattern'").unwrap();
        assert!(text.contains(r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f") && text.ends_with("]*$'"), "{text}");
        assert_eq!(filled("enum: $review_decisions_without_end").unwrap(), "enum: [dismiss, delete, restore]");
        filled("maximum: $NO_SUCH_LIMIT").unwrap_err();
        filled("const: $status.no_such_code").unwrap_err();
    }

    #[test]
    fn parts_are_appended_section_by_section() {
        let mut bundle = Bundle::default();
        let base = "# Base.\n\nopenapi: 3.1.0\n\ncomponents:\n  schemas:\n    A: {}\n";
        bundle.append(base, true).unwrap();
        bundle.append("paths:\n  /b:\n    get: {}\n\ncomponents:\n  schemas:\n    B: {}\n", false).unwrap();
        let text = bundle.text();
        assert!(text.contains("openapi: 3.1.0\n\npaths:\n  /b:\n    get: {}\n\ncomponents:\n"), "{text}");
        assert!(text.ends_with("  schemas:\n    A: {}\n    B: {}\n"), "{text}");
        Bundle::default().append("openapi: 3.1.0\n", false).unwrap_err();
        Bundle::default().append("components:\n  models:\n    A: {}\n", false).unwrap_err();
    }
}
