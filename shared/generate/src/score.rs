//! The weights of `rules::poaching::score`, learned from the labelled sentences: a linear support vector machine.
//!
//! It is the same on any machine: sums, products and square roots alone, in one order.

use anyhow::{Context, bail};
use rolecall_shared::rules::poaching::score::{BITS, LARGEST, QUIET, ZERO, lesson};
use std::{fs, path::Path};

/// The sets that the rules were made with; the weights are learned from them, too, and from all in the folder `learned`.
const RULES: [&str; 9] = ["corpus", "second", "third", "fourth", "fifth", "sixth", "seventh", "blind_a", "blind_b"];

/// What a sentence that lies on the wrong side costs, beside large weights.
const COST: f64 = 4.0;

/// How often each sentence is looked at.
const ROUNDS: usize = 15;

/// The square of what stands for the bias among the features.
const BIAS: f64 = 0.1;

/// What a feature counts as if it stood in this many hits and as many other sentences besides.
const SMOOTH: f64 = 0.1;

/// The largest weight that is kept, in standard deviations of all weights.
const CLIP: f64 = 6.0;

/// A sentence.
struct Sentence {
    hit: bool,
    /// The places of its features, with how much each counts.
    features: Vec<(usize, f64)>,
}

impl Sentence {
    fn new(hit: bool, mut places: Vec<usize>) -> Sentence {
        places.sort_unstable();
        let one = 1.0 / (places.len() as f64 + f64::from(QUIET)).sqrt();
        let features = places.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64 * one)).collect();
        Sentence { hit, features }
    }
}

/// The weights of a model.
struct Model {
    weights: Vec<f64>,
    bias: f64,
}

impl Model {
    /// Learns with each feature counted by how much it tells hits from the others.
    fn learn(sentences: &[&Sentence]) -> Model {
        let telling = telling(sentences);
        let scaled: Vec<Sentence> = sentences
            .iter()
            .map(|Sentence { hit, features }| Sentence {
                hit: *hit,
                features: features.iter().map(|&(place, value)| (place, value * telling[place])).collect(),
            })
            .collect();
        let mut model = Model::descend(&scaled);
        for (weight, telling) in model.weights.iter_mut().zip(telling) {
            *weight *= telling;
        }
        model
    }

    /// Learns by coordinate descent in the dual of the support vector machine with squared loss.
    fn descend(sentences: &[Sentence]) -> Model {
        let mut model = Model { weights: vec![0.0; 1 << BITS], bias: 0.0 };
        let mut shares = vec![0.0; sentences.len()];
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..ROUNDS {
            random.shuffle(&mut order);
            for &at in &order {
                let Sentence { hit, features } = &sentences[at];
                let side = if *hit { 1.0 } else { -1.0 };
                let softness = 0.5 / COST;
                let length: f64 = features.iter().map(|(_, value)| value * value).sum();
                let slope = side * model.score(features) - 1.0 + softness * shares[at];
                let share = f64::max(shares[at] - slope / (length + BIAS + softness), 0.0);
                let change = (share - shares[at]) * side;
                shares[at] = share;
                for (place, value) in features {
                    model.weights[*place] += change * value;
                }
                model.bias += change * BIAS;
            }
        }
        model
    }

    fn score(&self, features: &[(usize, f64)]) -> f64 {
        features.iter().map(|(place, value)| self.weights[*place] * value).sum::<f64>() + self.bias
    }

    /// What one step of a rounded weight is worth.
    fn unit(&self) -> f64 {
        let squares: f64 = self.weights.iter().map(|weight| weight * weight).sum();
        CLIP * (squares / self.weights.len() as f64).sqrt() / f64::from(LARGEST)
    }

    /// The weights as the table has them.
    fn rounded(&self) -> Vec<i32> {
        let (unit, largest) = (self.unit(), f64::from(LARGEST));
        self.weights.iter().map(|weight| (weight / unit).round().clamp(-largest, largest) as i32).collect()
    }
}

/// How much each feature tells hits from the others: from 1, where its shares of both are equal, to 2, where it is in one
/// alone.
fn telling(sentences: &[&Sentence]) -> Vec<f64> {
    let mut shares = [true, false].map(|side| {
        let mut share = vec![SMOOTH; 1 << BITS];
        for sentence in sentences.iter().filter(|sentence| sentence.hit == side) {
            for (place, value) in &sentence.features {
                share[*place] += value;
            }
        }
        share
    });
    for share in &mut shares {
        let all: f64 = share.iter().sum();
        share.iter_mut().for_each(|value| *value /= all);
    }
    let [hits, others] = shares;
    hits.iter().zip(others).map(|(hit, other)| 1.0 + (hit - other).abs() / (hit + other)).collect()
}

/// Xorshift: the order of the sentences.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for at in (1..order.len()).rev() {
            order.swap(at, self.below(at + 1));
        }
    }
}

/// The sets in `learned`, by their names in order.
fn learned(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("shared/tests/poaching/learned"))? {
        let name = entry?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".tsv")).context("a set is a .tsv file")?;
        names.push(format!("learned/{name}"));
    }
    names.sort_unstable();
    Ok(names)
}

/// All sets.
fn sets(root: &Path) -> anyhow::Result<Vec<String>> {
    Ok(RULES.map(str::to_owned).into_iter().chain(learned(root)?).collect())
}

/// The sentences of a set: whether each asks to move or pay elsewhere, and its text.
fn read(root: &Path, set: &str) -> anyhow::Result<Vec<(bool, String)>> {
    let file = root.join(format!("shared/tests/poaching/{set}.tsv"));
    let lines = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut sentences = Vec::new();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let ([label, text] | [label, _, text]) = fields[..] else { bail!("{set}: two or three fields: {line}") };
        match label {
            "hit" => sentences.push((true, unescape(text))),
            "ok" | "-" => sentences.push((false, unescape(text))),
            kinds if kinds.contains("elsewhere") => sentences.push((true, unescape(text))),
            _ => {}
        }
    }
    Ok(sentences)
}

/// `\n` and `\u{200b}` as the characters that they are.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.strip_prefix("u{").and_then(|part| part.split_once('}'));
        let known = code.and_then(|(code, rest)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, rest)));
        let (character, rest) = known.unwrap_or(('\n', part.strip_prefix('n').unwrap_or(part)));
        whole.push(character);
        whole.push_str(rest);
    }
    whole
}

/// The table of `rules::poaching::score`.
pub fn table(root: &Path) -> anyhow::Result<String> {
    const LINE: usize = 100;
    let mut sentences = Vec::new();
    for set in sets(root)? {
        for (hit, text) in read(root, &set)? {
            sentences.extend(lesson(&text).map(|(places, _)| Sentence::new(hit, places)));
        }
    }
    let model = Model::learn(&sentences.iter().collect::<Vec<_>>());
    let weights: Vec<u8> = model.rounded().into_iter().map(|weight| (i32::from(ZERO) + weight) as u8).collect();
    let lines: Vec<String> =
        weights.chunks(LINE).map(|line| format!("    {}\\\n", String::from_utf8_lossy(line))).collect();
    Ok(format!(
        "\
// Weights learned from {} sentences. Generated from shared/tests/poaching/ by `make generate`; do not edit.

/// The score of a text without words.
pub(super) const BIAS: f32 = {:.5};

/// What a weight of one is worth.
pub(super) const UNIT: f32 = {:.7};

/// The weights: each a character, which is as many after `?` as the weight says.
pub(super) const WEIGHTS: &[u8; 1 << {BITS}] = b\"\\
{}\";
",
        sentences.len(),
        model.bias,
        model.unit(),
        lines.concat()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::rules::poaching::score::{HIT, KEEP};

    /// A sentence, and whether a rule finds a phrase in it.
    type Judged = (Sentence, bool);

    /// How many sentences of a set are right, wrongly held back, missed.
    #[derive(Clone, Default)]
    struct Count {
        right: f64,
        wrong: f64,
        missed: f64,
    }

    impl Count {
        fn add(&mut self, wanted: bool, found: bool) {
            match (wanted, found) {
                (true, true) => self.right += 1.0,
                (false, true) => self.wrong += 1.0,
                (true, false) => self.missed += 1.0,
                (false, false) => {}
            }
        }

        fn precision(&self) -> f64 {
            self.right / f64::max(self.right + self.wrong, 1.0)
        }

        fn recall(&self) -> f64 {
            self.right / f64::max(self.right + self.missed, 1.0)
        }
    }

    impl std::fmt::Display for Count {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{:.3}/{:.3}", self.precision(), self.recall())
        }
    }

    /// Each set by its name, if it has phrases alone or such as lessons are made of.
    fn judged() -> Vec<(String, Vec<Judged>)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let lessons = |set: &String| {
            let sentences = read(&root, set).unwrap().into_iter();
            sentences.filter_map(|(hit, text)| lesson(&text).map(|(places, rule)| (Sentence::new(hit, places), rule)))
        };
        sets(&root).unwrap().into_iter().map(|set| (set.clone(), lessons(&set).collect())).collect()
    }

    /// `cargo test -p rolecall-generate unseen -- --nocapture` prints what comes out for each set that was written from the
    /// specification if nothing was learned from it, by thresholds.
    #[test]
    fn an_unseen_set_is_measured_by_a_model_that_learned_from_the_others() {
        const THRESHOLDS: [(f32, f32); 6] =
            [(f32::MAX, f32::MIN), (HIT, KEEP), (0.0, -0.1), (0.1, -0.1), (0.15, 0.05), (0.2, 0.1)];
        let sets = judged();
        let mut all: [Count; THRESHOLDS.len()] = Default::default();
        println!("{:>18}  rules alone, then by thresholds {:?}", "", &THRESHOLDS[1..]);
        for (left_out, sentences) in sets.iter().filter(|(name, _)| name.starts_with("learned/unseen")) {
            let others = sets.iter().filter(|(name, _)| name != left_out);
            let model = Model::learn(&others.flat_map(|(_, set)| set).map(|(one, _)| one).collect::<Vec<_>>());
            let mut counts: [Count; THRESHOLDS.len()] = Default::default();
            for (one, rule) in sentences {
                let score = model.score(&one.features) as f32;
                for (at, (hit, keep)) in THRESHOLDS.into_iter().enumerate() {
                    let found = score >= if *rule { keep } else { hit };
                    counts[at].add(one.hit, found);
                    all[at].add(one.hit, found);
                }
            }
            println!("{left_out:>18}  {}", counts.map(|count| count.to_string()).join("  "));
        }
        let [rules, both, ..] = &all;
        let (rules, both) = (rules.clone(), both.clone());
        println!("{:>18}  {}", "all", all.map(|count| count.to_string()).join("  "));
        assert!(both.recall() > rules.recall() + 0.05 && both.precision() > rules.precision());
        assert!(both.recall() > 0.95 && both.precision() > 0.95);
    }
}
