use super::*;
use crate::{
    input,
    rules::{
        id::ShowId,
        limits::{DEFAULT_PAGE, MAX_REASONS},
        vocabulary::ConversationKind,
    },
    wire::{
        cursor::Cursor,
        number::Limit,
        testing::{ID, faults, fields, one},
        text::Text,
    },
};
use proptest::prelude::*;
use serde_json::json;

input! {
    /// The parameters that most lists take.
        struct List {
        limit: Limit<100>,
        cursor: Option<Cursor>,
        kind: Option<ConversationKind>,
    }
}

fn list(query: &str) -> Result<Value, Vec<(String, String)>> {
    let read = Fields::of_query(Some(query)).read::<List>();
    read.map(|list| serde_json::to_value(list).unwrap()).map_err(|refusal| {
        refusal.reasons.iter().map(|r| (r.field.as_deref().unwrap_or("").into(), r.code.to_string())).collect()
    })
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut fields = fields(json!({"show_id": "nonsense", "dry_run": "yes", "extra": 1}));
    let show = fields.get::<ShowId>("show_id");
    let content = fields.get::<Text<1, 5>>("content");
    let dry_run = fields.get::<bool>("dry_run");
    let expected =
        [("show_id", "malformed_uuid"), ("content", "required"), ("dry_run", "wrong_type"), ("extra", "unknown_field")];
    let found = faults(fields, show.zip(content).zip(dry_run));
    assert_eq!(found, expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
}

#[test]
fn a_uuid_has_one_form() {
    for (value, code) in [
        (json!(null), "required"),
        (json!(7), "wrong_type"),
        (json!([ID]), "wrong_type"),
        (json!(""), "malformed_uuid"),
        (json!("00000000000040008000000000000011"), "malformed_uuid"),
        (json!(format!("{{{ID}}}")), "malformed_uuid"),
        (json!(format!("{ID}'; --")), "malformed_uuid"),
    ] {
        let mut fields = fields(json!({ "show_id": value }));
        let show = fields.get::<ShowId>("show_id");
        assert_eq!(faults(fields, show), one("show_id", code), "{value}");
    }
    let mut fields = fields(json!({"show_id": ID.to_uppercase()}));
    let show = fields.get::<ShowId>("show_id");
    assert_eq!(fields.finish(show).unwrap().to_string(), ID);
}

#[test]
fn what_is_not_one_object_is_refused() {
    for body in
        ["[]", "1", "\"a\"", "{", "{\"a\":1}{", "{\"a\":NaN}", "{\"a\":\"\\ud800\"}", "\u{feff}{}", "{\"\\u0000\":1}"]
    {
        let refusal = Fields::parse(body.as_bytes()).err().unwrap();
        assert_eq!(refusal.code, Code::ValidationError, "{body}");
        assert_eq!(refusal.reasons[0].code, "malformed_json", "{body}");
    }
    assert!(Fields::parse(b"\xff{}").is_err());
    let deep = "[".repeat(100_000);
    assert!(Fields::parse(format!("{{\"a\":{deep}").as_bytes()).is_err());
}

#[test]
fn a_key_may_stand_once() {
    let mut fields = Fields::parse(format!("{{\"show_id\":\"{ID}\",\"show_id\":\"{ID}\"}}").as_bytes()).ok().unwrap();
    let show = fields.get::<ShowId>("show_id");
    assert_eq!(faults(fields, show), one("show_id", "duplicate"));
}

#[test]
fn a_key_may_stand_once_however_deep() {
    let body = r#"{"checks":[{"action":"reply"},{"a":{"b":1,"b":2}}],"checks":[]}"#;
    let mut fields = Fields::parse(body.as_bytes()).ok().unwrap();
    fields.pass_over(&["checks"]);
    assert_eq!(faults(fields, Some(())), [one("checks[1].a.b", "duplicate"), one("checks", "duplicate")].concat());
}

#[test]
fn the_answer_does_not_grow_with_the_faults() {
    let many = |n: usize| (0..n).map(|i| (format!("field_{i:04}"), json!(1))).collect::<Map<_, _>>();
    let duplicates = format!("{{{}}}", vec!["\"a\":1"; 3_000].join(","));
    let query = |n: usize| (0..n).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
    let refusals = [
        (fields(Value::Object(many(3_000))).finish(Some(())), 3_000),
        (fields(Value::Object(many(MAX_REASONS + 1))).finish(Some(())), MAX_REASONS + 1),
        (Fields::of_query(Some(&query(500))).finish(Some(())), 500),
        (Fields::of_query(Some(&vec!["a=1"; 500].join("&"))).finish(Some(())), 500),
        // Two thousand nine hundred and ninety-nine duplicates, and the field itself.
        (Fields::parse(duplicates.as_bytes()).unwrap().finish(Some(())), 3_000),
    ];
    for (refusal, total) in refusals {
        let Refusal { reasons, detail, .. } = refusal.unwrap_err();
        assert_eq!((reasons.len(), reasons.total()), (MAX_REASONS, total));
        assert!(detail.starts_with(&total.to_string()), "{detail}");
    }
    let refusal = fields(Value::Object(many(MAX_REASONS))).finish(Some(())).unwrap_err();
    assert_eq!((refusal.reasons.len(), refusal.reasons.total()), (MAX_REASONS, MAX_REASONS));
}

#[test]
fn a_long_name_or_path_is_cut() {
    let shown = |body: String| {
        let refusal = Fields::parse(body.as_bytes()).unwrap().finish(Some(())).unwrap_err();
        refusal.reasons[0].field.clone().unwrap().into_owned()
    };
    let unknown = |name: String| shown(json!({ name: 1 }).to_string());
    assert_eq!(unknown("n".repeat(64)), "n".repeat(64));
    assert_eq!(unknown("é".repeat(65)), format!("{}…", "é".repeat(63)));
    assert_eq!(unknown(format!("a\u{7}b{}", "n".repeat(60_000))), format!("ab{}…", "n".repeat(61)));
    let name = "n".repeat(60);
    let deep = format!("{}{{\"b\":1,\"b\":2}}{}", format!("{{\"{name}\":").repeat(100), "}".repeat(100));
    assert_eq!(shown(deep), format!("{name}.{name}.{}…", "n".repeat(5)));
}

#[test]
fn parameters_are_read_from_the_query_string() {
    assert_eq!(list(""), Ok(json!({"limit": DEFAULT_PAGE})));
    assert_eq!(list("limit=100&kind=show"), Ok(json!({"limit": 100, "kind": "show"})));
    assert_eq!(list("%6Cimit=%31"), Ok(json!({"limit": 1})));
    let cursor = format!("1767225600000000.{ID}");
    assert_eq!(list(&format!("cursor={cursor}")), Ok(json!({"limit": DEFAULT_PAGE, "cursor": cursor})));
    for (query, field, code) in [
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("limit=99999999999999999999", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=", "limit", "wrong_type"),
        ("limit", "limit", "wrong_type"),
        ("limit=1.5", "limit", "wrong_type"),
        ("limit=%2B1", "limit", "wrong_type"),
        ("limit=+1", "limit", "wrong_type"),
        ("limit=1&limit=1", "limit", "duplicate"),
        ("kind=", "kind", "unknown_value"),
        ("kind=Show", "kind", "unknown_value"),
        ("kind=show%00", "kind", "unknown_value"),
        ("kind=%ff", "kind", "unknown_value"),
        ("page=2", "page", "unknown_field"),
        ("%00page=2", "page", "unknown_field"),
        ("=", "", "unknown_field"),
        ("%2B12025550123=x", "+[phone …0123]", "unknown_field"),
    ] {
        assert_eq!(list(query), Err(one(field, code)), "{query}");
    }
    let refusal = Fields::of_query(Some("a=1&b=2")).finish(Some(())).unwrap_err();
    assert_eq!(refusal.detail, "2 parameters are not valid.");
}

proptest! {
    #[test]
    fn reading_a_query_string_never_panics(query in "\\PC{0,80}") {
        let _ = list(&query);
    }

    #[test]
    fn a_body_reads_as_it_does_elsewhere(text in "[\\[\\]{}\",:a0-9. ]{0,40}") {
        let expected = serde_json::from_str::<Map<String, Value>>(&text).ok();
        let read = Fields::parse(text.as_bytes()).ok().filter(|_| !text.trim().is_empty());
        prop_assert_eq!(read.map(|fields| fields.values), expected);
    }

    #[test]
    fn reading_never_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(mut fields) = Fields::parse(&body) {
            let text = fields.get::<Text<1, 10>>("content");
            let _ = fields.finish(text);
        }
    }
}
