//! The weights of `rules::poaching::score`, learned from the labelled sentences: a linear support vector machine.
//!
//! It is the same on any machine: sums, products and square roots alone, in one order.

use anyhow::{Context, bail};
use rolecall_shared::rules::poaching::score::{BITS, LARGEST, QUIET, ZERO, lesson};
use std::{fs, path::Path};

/// The sets that the weights are learned from. `held_out.tsv` is none of them.
const SETS: [&str; 15] = [
    "corpus",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "blind_a",
    "blind_b",
    "phrases_a",
    "phrases_b",
    "phrases_c",
    "phrases_d",
    "phrases_e",
    "short",
];

/// What a sentence that lies on the wrong side costs, beside large weights.
const COST: f64 = 1.0;

/// How often each sentence is looked at.
const ROUNDS: usize = 15;

/// The square of what stands for the bias among the features.
const BIAS: f64 = 0.1;

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
    /// Learns by coordinate descent in the dual of the support vector machine with squared loss.
    fn learn(sentences: &[&Sentence]) -> Model {
        let mut model = Model { weights: vec![0.0; 1 << BITS], bias: 0.0 };
        let mut shares = vec![0.0; sentences.len()];
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..ROUNDS {
            random.shuffle(&mut order);
            for &at in &order {
                let Sentence { hit, features } = sentences[at];
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
    for set in SETS {
        for (hit, text) in read(root, set)? {
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

    const FOLDS: usize = 10;

    /// Sentences next to each other are often alike, so that they are left out together.
    const BLOCK: usize = 10;

    /// The sets that neither the rules were made with nor somebody wrote for the model.
    const UNSEEN: std::ops::Range<usize> = 9..13;

    /// A sentence, and whether a rule finds a phrase in it.
    type Judged = (Sentence, bool);

    /// How many sentences of a set are right, wrongly held back, missed.
    #[derive(Default)]
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

    /// The sentences by fold: the sets that the rules were made with, and the others.
    fn folds() -> [[Vec<Judged>; 2]; FOLDS] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folds = <[[Vec<Judged>; 2]; FOLDS]>::default();
        for (number, set) in SETS.into_iter().enumerate() {
            for (line, (hit, text)) in read(&root, set).unwrap().into_iter().enumerate() {
                if let Some((places, rule)) = lesson(&text) {
                    let fold = (number * 3 + line / BLOCK) % FOLDS;
                    folds[fold][usize::from(UNSEEN.contains(&number))].push((Sentence::new(hit, places), rule));
                }
            }
        }
        folds
    }

    /// `cargo test -p rolecall-generate cross -- --nocapture` prints what each threshold gives for sentences that neither
    /// the rules nor the weights were made with.
    #[test]
    fn cross_validation_is_measured() {
        let folds = folds();
        let mut judged = Vec::new();
        for (left_out, [_, unseen]) in folds.iter().enumerate() {
            let others = folds.iter().enumerate().filter(|(fold, _)| *fold != left_out);
            let learned: Vec<_> = others.flat_map(|(_, sets)| sets.iter().flatten()).map(|(one, _)| one).collect();
            let model = Model::learn(&learned);
            judged.extend(unseen.iter().map(|(one, rule)| (one.hit, *rule, model.score(&one.features) as f32)));
        }
        let count = |hit: f32, keep: f32| {
            let mut count = Count::default();
            for &(wanted, rule, score) in &judged {
                count.add(wanted, if rule { score >= keep } else { score >= hit });
            }
            count
        };
        for (name, hit, keep) in [("rules alone", f32::MAX, f32::MIN), ("rules or model", HIT, f32::MIN)] {
            let count = count(hit, keep);
            println!("{name:>15}  precision {:.3}  recall {:.3}", count.precision(), count.recall());
        }
        for hit in [0.5, 0.4, 0.3, 0.2, HIT, 0.0, -0.1] {
            let count = count(hit, KEEP);
            println!("{hit:>15.2}  precision {:.3}  recall {:.3}", count.precision(), count.recall());
        }
        let [rules, both] = [count(f32::MAX, f32::MIN), count(HIT, KEEP)];
        assert!(both.recall() > rules.recall() + 0.2 && both.precision() > rules.precision() - 0.05);
    }
}
