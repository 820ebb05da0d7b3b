//! The anti-poaching filter by itself: nanoseconds a byte of hostile texts, which may not grow with the text, and what a
//! text message costs.
//!
//! The native filter is measured, not the component's: there is no clock in a component that is fine enough.

use rolecall_shared::rules::poaching::judge;
use serde_json::{Value, json};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Texts that keep one detector each busy, repeated to a length.
const HOSTILE: [(&str, &str); 26] = [
    ("digits", "5"),
    ("digits with spaces", "5 "),
    ("number words", "five "),
    ("labels of hosts", "a.b."),
    ("addresses", "a@b "),
    ("private hosts", "http:10.0.0.1:"),
    ("letters", "x"),
    ("groups", "55,5-"),
    ("phrases", "pay me directly in cash outside the app "),
    ("prose", "Please walk him directly after lunch and call me at 10:30, thanks! "),
    ("letters and digits", "w4 "),
    ("brackets", "[(+"),
    ("spaces", " "),
    ("at signs", "@"),
    ("points", "."),
    ("number words", "fünf seven quatre "),
    ("spelled letters", "v.e.n.m."),
    ("misspelled names", "whaatsaqp "),
    ("beginnings of rows", "cut out the cut out "),
    ("links with paths", "https://a.example/b?c=55-5%20 "),
    ("one link", "https://a.example/5/5-5%20/"),
    ("combining marks", "e\u{301}\u{302}"),
    ("right to left", "مرحبا ٥٥٥ "),
    ("emoji", "5\u{fe0f}\u{20e3}🐶"),
    ("names of networks", "insta."),
    ("ideographs", "微信我"),
];

const KIB: [usize; 3] = [1, 16, 64];

/// A text message of one segment in the usual alphabet.
const MESSAGE: usize = 160;

/// What a hostile text costs.
pub struct HostileText {
    name: &'static str,
    /// Nanoseconds a byte at 1, 16 and 64 KiB.
    a_byte: [f64; 3],
    /// Microseconds for a text message.
    message: f64,
}

/// The figures of the filter.
pub struct FilterFigures(Vec<HostileText>);

impl FilterFigures {
    /// Measures for about four seconds.
    pub fn measure() -> FilterFigures {
        let of = |(name, part): (&'static str, &str)| HostileText {
            name,
            a_byte: KIB.map(|kib| {
                let text = fill(part, kib * 1024 * part.chars().count() / part.len());
                least(&text).as_nanos() as f64 / text.len() as f64
            }),
            message: least(&fill(part, MESSAGE)).as_nanos() as f64 / 1000.0,
        };
        FilterFigures(HOSTILE.map(of).into())
    }

    /// The largest ratio of nanoseconds a byte at two lengths of one text.
    pub fn worst_ratio(&self) -> f64 {
        let ratio = |text: &HostileText| {
            let [most, least] = [f64::max, f64::min].map(|pick| text.a_byte.into_iter().reduce(pick).unwrap_or(1.0));
            most / least
        };
        self.0.iter().map(ratio).fold(1.0, f64::max)
    }

    /// Microseconds of the text message that takes longest.
    pub fn slowest_message(&self) -> f64 {
        self.0.iter().map(|text| text.message).fold(0.0, f64::max)
    }

    /// A table for people.
    pub fn text(&self) -> String {
        let row = |HostileText { name, a_byte: [one, sixteen, sixty_four], message }: &HostileText| {
            format!("{name:<20} {one:>8.1} {sixteen:>8.1} {sixty_four:>8.1} {message:>10.1}")
        };
        format!(
            "\nthe anti-poaching filter, native: ns a byte of hostile texts, and us for {MESSAGE} characters\n\
             text                    1 KiB   16 KiB   64 KiB  {MESSAGE} chars\n{}\n\
             largest ratio of two lengths  {:.2}\nslowest text message          {:.1} us",
            self.0.iter().map(row).collect::<Vec<_>>().join("\n"),
            self.worst_ratio(),
            self.slowest_message()
        )
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let row =
            |text: &HostileText| json!({"name": text.name, "ns_a_byte": text.a_byte, "us_a_message": text.message});
        json!({
            "texts": self.0.iter().map(row).collect::<Vec<_>>(),
            "worst_ratio": self.worst_ratio(),
            "slowest_message_us": self.slowest_message(),
        })
    }
}

fn fill(part: &str, length: usize) -> String {
    part.chars().cycle().take(length).collect()
}

/// The shortest time of a call: whatever else runs on the machine only adds to it.
fn least(text: &str) -> Duration {
    const BUDGET: Duration = Duration::from_millis(80);
    const FEWEST: usize = 5;
    let (began, mut best, mut calls) = (Instant::now(), Duration::MAX, 0);
    while calls < FEWEST || began.elapsed() < BUDGET {
        let call = Instant::now();
        black_box(judge(black_box(text)));
        best = best.min(call.elapsed());
        calls += 1;
    }
    best
}
