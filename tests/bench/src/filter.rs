//! The anti-poaching filter by itself: nanoseconds a byte of hostile texts, which may not grow with the text, and what a
//! text message costs; natively, and in a component on the runner, where the functions judge.

mod least;
mod texts;

use crate::{Connection, address};
use anyhow::{Context, Result, ensure};
use least::least;
use rolecall_kit::{Runner, runner::workspace};
use serde_json::{Value, json};
use std::time::Duration;
use texts::{HOSTILE, MESSAGES};

const KIB: [usize; 3] = [1, 16, 64];

/// A text message of one segment in the usual alphabet.
const MESSAGE: usize = 160;

/// How often everything is measured: what a busy machine adds to one round it hardly adds to each.
const ROUNDS: usize = 3;

/// What a text costs.
struct Cost {
    name: &'static str,
    /// Nanoseconds a byte at 1, 16 and 64 KiB, of hostile texts.
    a_byte: Option<[f64; 3]>,
    /// Microseconds for a text message.
    message: f64,
}

/// Where the filter runs.
enum Place {
    Native,
    Component(Box<Runner>, Connection),
}

impl Place {
    /// A runner that serves the filter alone, in the component that the Makefile builds.
    async fn component() -> Result<Place> {
        let runner = Runner::start_with(&workspace().join("tests/bench/filter/spin.toml"), &[], &[])?;
        let connection = Connection::open(address(&runner)).await?;
        Ok(Place::Component(Box::new(runner), connection))
    }

    /// The shortest time of a call.
    async fn least(&mut self, text: &str) -> Result<Duration> {
        let Place::Component(_, connection) = self else { return Ok(least(text)) };
        let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", text.len());
        let answer = connection.exchange(&[head.as_bytes(), text.as_bytes()].concat()).await?;
        let said = std::str::from_utf8(connection.last_answer())?;
        ensure!(answer.is_success(), "the component says {said}");
        let nanoseconds = said.rsplit("\r\n").next().and_then(|body| body.parse().ok());
        Ok(Duration::from_nanos(nanoseconds.with_context(|| format!("no number of nanoseconds: {said}"))?))
    }

    async fn costs(&mut self) -> Result<Vec<Cost>> {
        let mut costs = Vec::new();
        let texts = HOSTILE.iter().map(|text| (text, true)).chain(MESSAGES.iter().map(|text| (text, false)));
        for (&(name, part), hostile) in texts {
            let message = self.least(&fill(part, MESSAGE)).await?.as_nanos() as f64 / 1000.0;
            let mut a_byte = None;
            for (at, kib) in KIB.into_iter().enumerate().filter(|_| hostile) {
                let text = fill(part, kib * 1024 * part.chars().count() / part.len());
                a_byte.get_or_insert([0.0; 3])[at] = self.least(&text).await?.as_nanos() as f64 / text.len() as f64;
            }
            costs.push(Cost { name, a_byte, message });
        }
        Ok(costs)
    }

    /// The least of all rounds.
    async fn least_costs(mut self) -> Result<Costs> {
        let mut least = self.costs().await?;
        for _ in 1..ROUNDS {
            for (cost, again) in least.iter_mut().zip(self.costs().await?) {
                cost.message = cost.message.min(again.message);
                for (one, other) in cost.a_byte.iter_mut().flatten().zip(again.a_byte.into_iter().flatten()) {
                    *one = one.min(other);
                }
            }
        }
        if let Place::Component(runner, _) = self {
            runner.terminate();
            runner.wait();
        }
        Ok(Costs(least))
    }
}

/// What all texts cost in one place.
struct Costs(Vec<Cost>);

impl Costs {
    /// The largest ratio of nanoseconds a byte at two lengths of one text.
    fn worst_ratio(&self) -> f64 {
        let ratio = |a_byte: [f64; 3]| {
            let [most, least] = [f64::max, f64::min].map(|pick| a_byte.into_iter().reduce(pick).unwrap_or(1.0));
            most / least
        };
        self.0.iter().filter_map(|cost| cost.a_byte).map(ratio).fold(1.0, f64::max)
    }

    /// Microseconds of the text message that takes longest.
    fn slowest_message(&self) -> f64 {
        self.0.iter().map(|cost| cost.message).fold(0.0, f64::max)
    }

    fn text(&self, place: &str) -> String {
        let row = |Cost { name, a_byte, message }: &Cost| {
            let a_byte = a_byte.map(|costs| costs.map(|cost| format!("{cost:.1}"))).unwrap_or_default();
            let [one, sixteen, sixty_four] = a_byte;
            format!("{name:<22} {one:>8} {sixteen:>8} {sixty_four:>8} {message:>10.1}")
        };
        format!(
            "\nthe anti-poaching filter, {place}: ns a byte of hostile texts, and us for {MESSAGE} characters\n\
             text                      1 KiB   16 KiB   64 KiB  {MESSAGE} chars\n{}\n\
             largest ratio of two lengths    {:.2}\nslowest text message            {:.1} us",
            self.0.iter().map(row).collect::<Vec<_>>().join("\n"),
            self.worst_ratio(),
            self.slowest_message()
        )
    }

    fn to_json(&self) -> Value {
        let row = |cost: &Cost| json!({"name": cost.name, "ns_a_byte": cost.a_byte, "us_a_message": cost.message});
        json!({
            "texts": self.0.iter().map(row).collect::<Vec<_>>(),
            "worst_ratio": self.worst_ratio(),
            "slowest_message_us": self.slowest_message(),
        })
    }
}

/// The figures of the filter.
pub struct FilterFigures {
    native: Costs,
    component: Costs,
}

impl FilterFigures {
    /// Measures for about half a minute.
    ///
    /// # Errors
    /// When the component does not answer, or is not built: `make bench` builds it.
    pub async fn measure() -> Result<FilterFigures> {
        let native = Place::Native.least_costs().await?;
        let component = Place::component().await?.least_costs().await?;
        Ok(FilterFigures { native, component })
    }

    /// Tables for people.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.native.text("native"), self.component.text("in a component"))
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        json!({"native": self.native.to_json(), "component": self.component.to_json()})
    }
}

fn fill(part: &str, length: usize) -> String {
    part.chars().cycle().take(length).collect()
}
