//! `redact` and `PhoneNumber` in Rust and their functions in SQL say the same: of random texts, and of 10,000 phone numbers
//! that npm's `google-libphonenumber` makes, in every form and with the digits of any script.

use rolecall_e2e::Stand;
use rolecall_shared::{
    rules::redact::digit_of,
    wire::phone::{PhoneNumber, redact},
};
use serde_json::{Value, json};
use std::{path::Path, process::Command, time::SystemTime};

/// Mulberry32.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut t = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        t = t.wrapping_add((t ^ (t >> 7)).wrapping_mul(61 | t)) ^ t;
        (t ^ (t >> 14)) as usize % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A seed that the failure names; `SEED` repeats it.
fn seed() -> u32 {
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.subsec_nanos()));
    println!("SEED={seed}");
    seed
}

/// Every character that is a digit to `redact`, by its digit.
fn digits() -> [Vec<char>; 10] {
    let mut digits = [const { Vec::new() }; 10];
    for character in '\0'..=char::MAX {
        if let Some(digit) = digit_of(character) {
            digits[usize::from(digit)].push(character);
        }
    }
    digits
}

/// What stands in a text beside digits, and what is never a number.
const PIECES: [&str; 30] = [
    " ",
    "  ",
    "-",
    ".",
    "(",
    ")",
    "/",
    " --- ",
    "\n",
    "\t",
    "\u{a0}",
    "\u{200b}",
    "+",
    "x",
    "é",
    "и",
    "中",
    "😀",
    " ext. ",
    " oder ",
    "at ",
    "in",
    "[phone …0123]",
    "[phone …",
    "]",
    "0190c5b2-1a2b-7c3d-8e4f-123456789012",
    "12345678-1234-1234-1234-123456789012",
    "2026-11-26T02:35:00.123456Z",
    "2026-11-26T02:35:00Z",
    "2025-13-32T25:61:61Z",
];

fn text(random: &mut Random, digits: &[Vec<char>; 10]) -> String {
    let mut text = String::new();
    for _ in 0..random.below(24) {
        match random.below(8) {
            0 => text.push_str(random.pick(&PIECES)),
            1 => text.extend(char::from_u32(1 + random.below(0x3_0000) as u32)),
            2 => text.push_str(&random.pick(&[" ", "-", "a", "ab"]).repeat(random.below(14))),
            3 => {
                let digit = random.below(10);
                text.push(random.pick(&digits[digit]));
            }
            _ => (0..=random.below(4)).for_each(|_| text.push(char::from(b'0' + random.below(10) as u8))),
        }
    }
    text
}

/// What the database makes of texts.
async fn redacted_by_sql(stand: &Stand, texts: &[String]) -> Vec<String> {
    let sql = "select array_agg(rolecall_internal.redact(text) order by place)
        from unnest($1::text[]) with ordinality as given (text, place)";
    stand.db.one(sql, &[&texts]).await
}

#[tokio::test]
async fn rust_and_sql_agree_on_every_text() {
    let stand = Stand::shared().await;
    let mut random = Random(seed());
    let digits = digits();
    let texts: Vec<String> = (0..5_000).map(|_| text(&mut random, &digits)).collect();
    let mut changed = 0;
    for (text, by_sql) in texts.iter().zip(redacted_by_sql(&stand, &texts).await) {
        let by_rust = redact(text);
        assert_eq!(by_rust, by_sql, "{text:?}");
        assert_eq!(redact(&by_rust), by_rust, "{text:?}, twice");
        changed += usize::from(by_rust != *text);
    }
    assert!((1_000..4_500).contains(&changed), "{changed} of the texts have a number");

    // Every numeral, one by one: it is the last digit of a number, and its own neighbour.
    let numerals: Vec<String> = digits.iter().flatten().map(|digit| format!("555010{digit}{digit}")).collect();
    for (text, by_sql) in numerals.iter().zip(redacted_by_sql(&stand, &numerals).await) {
        assert_eq!(redact(text), by_sql, "{text:?}");
        assert!(by_sql.starts_with("[phone …10"), "{text:?} became {by_sql:?}");
    }
    // Whatever Unicode calls a number is one.
    for character in ('\0'..=char::MAX).filter(|character| character.is_numeric()) {
        assert!(digit_of(character).is_some(), "{character:?}");
    }
}

/// The numbers, each in E.164, national, international and RFC 3966 form.
fn numbers(seed: u32) -> Vec<[String; 4]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../phone");
    assert!(folder.join("node_modules").exists(), "google-libphonenumber is not installed: run `make phone-numbers`");
    let made =
        Command::new("node").args(["numbers.mjs", "10000", &seed.to_string()]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let lines = String::from_utf8(made.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn ten_thousand_numbers_are_redacted_in_every_form_and_script() {
    let stand = Stand::shared().await;
    let seed = seed();
    let numbers = numbers(seed);
    assert_eq!(numbers.len(), 10_000);
    let mut random = Random(seed);
    let scripts = digits();

    let e164: Vec<&str> = numbers.iter().map(|[e164, ..]| e164.as_str()).collect();
    let sql = "select array_agg(case when rolecall_internal.is_e164(text) then rolecall_internal.masked(text) end order by place)
        from unnest($1::text[]) with ordinality as given (text, place)";
    let masked: Vec<Option<String>> = stand.db.one(sql, &[&e164]).await;
    let mut forms = Vec::new();
    let mut masks = Vec::new();
    for ([e164, others @ ..], by_sql) in numbers.iter().zip(masked) {
        let number: PhoneNumber = e164.parse().unwrap_or_else(|_| panic!("{e164:?} is a number"));
        assert_eq!(Some(number.to_string()), by_sql, "{e164}");
        assert_eq!(json!(number), Value::String(number.to_string()), "{e164}");
        let all: Vec<&String> = [e164].into_iter().chain(others).collect();
        // One form is written in other scripts, too: all of its digits, or those from a place on.
        let form = random.pick(&all);
        let place = if random.below(2) == 0 { 0 } else { random.below(form.len()) };
        let in_scripts: String = form
            .chars()
            .enumerate()
            .map(|(at, character)| match character.to_digit(10) {
                Some(digit) if at >= place => random.pick(&scripts[digit as usize]),
                _ => character,
            })
            .collect();
        for text in all.into_iter().cloned().chain([in_scripts]) {
            forms.push(text);
            masks.push(number.to_string());
        }
    }
    for ((form, mask), by_sql) in forms.iter().zip(&masks).zip(redacted_by_sql(&stand, &forms).await) {
        assert_eq!(redact(form), by_sql, "{form:?}");
        if form.chars().filter(|&character| digit_of(character).is_some()).count() < 7 {
            // The national form of a small country's number is no longer than a port or an amount.
            assert_eq!(by_sql, *form);
            continue;
        }
        assert!(by_sql.contains(mask.as_str()), "{form:?} became {by_sql:?}");
        let left = by_sql.chars().filter(|&character| digit_of(character).is_some()).count();
        assert_eq!(left, 4, "{form:?} became {by_sql:?}");
    }

    // What is no number in E.164 is none in either.
    let others: Vec<&str> = numbers.iter().flat_map(|[_, others @ ..]| others).map(String::as_str).collect();
    let sql = "select count(*) from unnest($1::text[]) as text where rolecall_internal.is_e164(text)";
    let taken = others.iter().filter(|text| text.parse::<PhoneNumber>().is_ok()).count();
    assert_eq!(stand.db.one::<i64>(sql, &[&others]).await, taken as i64);
}
