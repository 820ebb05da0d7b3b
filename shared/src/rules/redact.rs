//! Phone numbers in free text: [`redact`] leaves their last four digits.

#[path = "digits.generated.rs"]
mod generated;

use generated::NUMERALS;

/// Fewest digits that are taken for a phone number: a North American local number.
pub(crate) const MIN_DIGITS: usize = 7;

/// Fewest digits that are taken for a phone number if words stand between them.
const MIN_DIGITS_WITH_WORDS: usize = 8;

/// Most characters between two digits of one number.
const MAX_GAP: usize = 12;

/// The most digits after a word that are no part of a complete number before the word, as in `4567 at 5`.
const MAX_ASIDE: usize = 2;

/// The most digits after all words together that are no part of it: with the last four of the mask a reader has seven.
const MAX_ASIDES: usize = 3;

/// The mask of a number: these, the last four digits, and a closing bracket.
const MASK: &str = "[phone …";

/// The digit of a numeral of any script.
///
/// Every character of Unicode's general category N counts, and the ten Han digits. A numeral that is no digit, such as ½
/// or Ⅻ, counts as one digit, whichever.
pub fn digit_of(character: char) -> Option<u8> {
    if character.is_ascii() {
        return character.is_ascii_digit().then_some(character as u8 - b'0');
    }
    let after = NUMERALS.partition_point(|&(from, _, _)| from <= character);
    let &(from, to, first) = NUMERALS.get(after.checked_sub(1)?)?;
    // The remainder is below ten.
    (character <= to).then(|| ((u32::from(first) + u32::from(character) - u32::from(from)) % 10) as u8)
}

/// Replaces every possible phone number by `[phone …1234]`, its last four digits. `rolecall_internal.redact` says the
/// same of each text.
///
/// A *run* is a sequence of digits of any script with at most 12 characters, whatever they are, between one digit and the
/// next. Two ASCII letters side by side between two digits are a *word*. A run is redacted, from its first digit to its
/// last, if it has
/// - seven digits or more and no word (`555 --- 123 --- 4567`, `5a5b5c0d1e0f0`, `127.0.0.1:5432`, a date with a price),
/// - eight digits or more with words (`555 oder 010 oder 0123`).
///
/// If at least seven digits stand before the run's first word, no more than two after each word, and no more than three
/// after all of them, only the digits before it are the number: `5550100123 at 5` becomes `[phone …0123] at 5`.
///
/// What logs need stays: a uuid in its usual form, a time as this application writes it (`2026-11-26T02:35:00.123456Z`,
/// with or without the fraction), and a mask end every run and are not changed. Fewer than seven digits stay (codes, ports,
/// lengths of time), numbers in JSON stay since they are no text, and digits that are farther apart stay.
pub fn redact(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let plain = plain(&chars);
    let mut cleaned = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(from) = (at..plain.len()).find(|&at| plain[at].is_ascii_digit()) {
        let run = Run::at(&plain, from);
        cleaned.extend(&chars[at..from]);
        at = match run.number() {
            Some(end) => {
                mask(&mut cleaned, plain[from..end].iter().copied().filter(char::is_ascii_digit));
                end
            }
            None => {
                cleaned.extend(&chars[from..run.end]);
                run.end
            }
        };
    }
    cleaned.extend(&chars[at..]);
    cleaned
}

/// Appends the mask of a number.
pub(crate) fn mask(text: &mut String, digits: impl DoubleEndedIterator<Item = char>) {
    let mut last_four: Vec<char> = digits.rev().take(4).collect();
    last_four.reverse();
    text.push_str(MASK);
    text.extend(last_four);
    text.push(']');
}

/// The text with ASCII digits alone, and blanks in place of what is never a number. Every character keeps its place.
fn plain(chars: &[char]) -> Vec<char> {
    let mut plain: Vec<char> = chars.iter().map(|&c| digit_of(c).map_or(c, |digit| char::from(b'0' + digit))).collect();
    for form in [UUID, TIME_WITH_FRACTION, TIME] {
        blank(&mut plain, form, true);
    }
    blank(&mut plain, MASKED, false);
    plain
}

// In a form, `x` is a hexadecimal digit, `0` a digit, `1`, `2`, `3` and `5` a digit up to that one, and anything else itself.
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const TIME: &str = "=200-10-30T20:50:50Z";
const TIME_WITH_FRACTION: &str = "=200-10-30T20:50:50.000000Z";
const MASKED: &str = "[phone …0000]";

/// Puts blanks in place of what has this form; if `alone`, only where no letter or digit stands beside it.
fn blank(plain: &mut [char], form: &str, alone: bool) {
    let form: Vec<char> = form.chars().collect();
    let mut at = 0;
    while at + form.len() <= plain.len() {
        let end = at + form.len();
        let stands_alone = !alone
            || (at == 0 || !plain[at - 1].is_ascii_alphanumeric())
                && plain.get(end).is_none_or(|c| !c.is_ascii_alphanumeric());
        if stands_alone && plain[at..end].iter().zip(&form).all(|(&c, &of)| has_form(c, of)) {
            plain[at..end].fill(' ');
            at = end;
        } else {
            at += 1;
        }
    }
}

fn has_form(c: char, of: char) -> bool {
    match of {
        'x' => c.is_ascii_hexdigit(),
        '0' => c.is_ascii_digit(),
        '1' | '2' | '3' | '5' => ('0'..=of).contains(&c),
        // The millennium.
        '=' => c == '2',
        _ => c == of,
    }
}

/// A run of digits.
struct Run {
    /// The place after its last digit.
    end: usize,
    /// How many digits it has.
    digits: usize,
    /// The digits before its first word, and the place after the last of them.
    head: Option<(usize, usize)>,
    /// The most digits between two words after its head, and after the last of them.
    longest_aside: usize,
}

impl Run {
    /// The run whose first digit stands at `start`.
    fn at(plain: &[char], start: usize) -> Run {
        let mut run = Run { end: start + 1, digits: 1, head: None, longest_aside: 0 };
        let mut aside = 0;
        for at in start + 1..plain.len() {
            if at - run.end > MAX_GAP {
                break;
            }
            if !plain[at].is_ascii_digit() {
                continue;
            }
            if has_word(&plain[run.end..at]) {
                run.head.get_or_insert((run.digits, run.end));
                aside = 0;
            }
            aside += 1;
            if run.head.is_some() {
                run.longest_aside = run.longest_aside.max(aside);
            }
            run.digits += 1;
            run.end = at + 1;
        }
        run
    }

    /// The place after the number that begins the run, if it is one.
    fn number(&self) -> Option<usize> {
        match self.head {
            Some((digits, end)) if digits >= MIN_DIGITS && self.has_asides_alone(digits) => Some(end),
            Some(_) => (self.digits >= MIN_DIGITS_WITH_WORDS).then_some(self.end),
            None => (self.digits >= MIN_DIGITS).then_some(self.end),
        }
    }

    fn has_asides_alone(&self, head: usize) -> bool {
        self.longest_aside <= MAX_ASIDE && self.digits - head <= MAX_ASIDES
    }
}

fn has_word(gap: &[char]) -> bool {
    gap.windows(2).any(|pair| pair.iter().all(char::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn common_spellings_are_redacted() {
        for text in [
            "+15551234567",
            "(555) 123-4567",
            "555.123.4567",
            "555 123 4567",
            "+49 (0)30 / 1234 567",
            "5 5 5 1 2 3 4 5 6 7",
            "tel:+1-555-123-4567;ext=9",
            "5\u{a0}5\u{a0}51234567",
            "555—123—4567",
            "\u{ff15}\u{ff15}\u{ff15}1234567",
        ] {
            let cleaned = redact(text);
            assert!(cleaned.contains("[phone …"), "{text:?} became {cleaned:?}");
            assert!(longest_run(&cleaned) < MIN_DIGITS, "{text:?} became {cleaned:?}");
        }
        assert_eq!(redact("5551234567 at 5 by 12"), "[phone …4567] at 5 by 12");
        assert_eq!(redact("5551234 at 56 or 78"), "[phone …5678]");
        assert_eq!(redact("call 5551234567 at 5"), "call [phone …4567] at 5");
        assert_eq!(redact("error 40001 in 12 rows"), "error 40001 in 12 rows");
    }

    #[test]
    fn every_notation_is_redacted_whole() {
        for text in [
            "555 --- 123 --- 4567",
            "555    123    4567",
            "555x123x4567",
            "555 oder 123 oder 4567",
            "5a5b5c1d2e3f4a5b6c7",
            "5 five 5 five 5 five 1 one 2 two 3 three 4 four 5 five 6 six 7 seven",
            "555 123-4567",
            "(555)\n123\n4567",
            "555\u{200b}\u{200b}123\u{2060}4567",
            "tel:555/123/4567",
            "٥٥٥ ١٢٣ ٤٥٦٧",
            "५५५-१२३-४५६७",
            "𝟓𝟓𝟓.𝟏𝟐𝟑.𝟒𝟓𝟔𝟕",
            "⁵⁵⁵¹²³⁴⁵⁶⁷",
            "⑤⑤⑤①②③④⑤⑥⑦",
            "五五五 一二三 四五六七",
            "555 123 4567",
            "555; DROP 1234567",
            "{\"a\":\"555\",\"b\":\"1234567\"}",
        ] {
            let digits = text.chars().filter(|&c| digit_of(c).is_some()).count();
            assert_eq!(digits, 10, "{text:?}");
            let cleaned = redact(text);
            assert!(cleaned.contains("[phone …4567]"), "{text:?} became {cleaned:?}");
            assert_eq!(cleaned.chars().filter(|&c| digit_of(c).is_some()).count(), 4, "{text:?} became {cleaned:?}");
        }
        // Seven digits are a number unless there is a word between them; eight are one all the same.
        assert_eq!(redact("555x1234"), "[phone …1234]");
        assert_eq!(redact("555 oder 1234"), "555 oder 1234");
        assert_eq!(redact("5555 oder 1234"), "[phone …1234]");
    }

    #[test]
    fn the_detail_of_a_unique_violation_shows_no_number() {
        let detail =
            "Key (organization_id, phone)=(0190c5b2-1a2b-7c3d-8e4f-123456789012, +12025550123) already exists.";
        let cleaned =
            "Key (organization_id, phone)=(0190c5b2-1a2b-7c3d-8e4f-123456789012, +[phone …0123]) already exists.";
        assert_eq!(redact(detail), cleaned);
    }

    #[test]
    fn what_a_log_needs_stays() {
        for text in [
            "SQLSTATE 23505: duplicate key",
            "os error 111 after 5000 ms",
            "429, again in 60 s",
            "conversation 0190c5b2-1a2b-7c3d-8e4f-123456789012 is read only",
            "not before 2026-11-26T02:35:00.123456Z",
            "since 2026-11-26T02:35:00Z",
            "[phone …0123] to [phone …0124]",
            "123456",
            "1, 2, 3, 4, 5, 6",
        ] {
            assert_eq!(redact(text), text);
        }
        assert_eq!(redact("at 2026-11-26T02:35:00.1234567Z"), "at [phone …4567]Z");
        assert_eq!(redact("5550100-0123-4567-8901-234567890123"), "[phone …0123]");
    }

    #[test]
    fn a_number_ends_where_words_and_short_numbers_follow() {
        assert_eq!(redact("call 5551234567 at 5 or 6 pm"), "call [phone …4567] at 5 or 6 pm");
        assert_eq!(redact("5551234567 at 123"), "[phone …7123]");
        // The gap has its bound.
        assert_eq!(redact("555123............4567"), "[phone …4567]");
        assert_eq!(redact("555123.............4567"), "555123.............4567");
    }

    /// The end of the digits that a reader takes for one number: at most three characters other than letters are between.
    fn run_end(chars: &[char], start: usize) -> usize {
        let mut end = start + 1;
        let mut gap = 0;
        for (at, c) in chars.iter().enumerate().skip(start + 1) {
            if c.is_numeric() {
                end = at + 1;
                gap = 0;
            } else if c.is_alphabetic() || gap == 3 {
                break;
            } else {
                gap += 1;
            }
        }
        end
    }

    /// Digits in the longest stretch that a reader could take for one number.
    fn longest_run(text: &str) -> usize {
        let chars: Vec<char> = text.chars().collect();
        (0..chars.len())
            .filter(|&at| chars[at].is_numeric())
            .map(|at| chars[at..run_end(&chars, at)].iter().filter(|c| c.is_numeric()).count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_number_survives_whatever_surrounds_it(
            before in "\\PC{0,20}",
            groups in prop::collection::vec("[0-9]{1,4}", 4..6),
            separator in "[ ()./–-]{0,3}",
            plus in prop::bool::ANY,
            after in "\\PC{0,20}",
        ) {
            let digits: String = groups.concat();
            prop_assume!(digits.len() >= MIN_DIGITS);
            let number = groups.join(&separator);
            let text = format!("{before}{}{number}{after}", if plus { "+" } else { "" });
            let cleaned = redact(&text);
            prop_assert!(longest_run(&cleaned) < MIN_DIGITS, "{:?} became {:?}", text, cleaned);
            prop_assert!(!cleaned.contains(&number));
            prop_assert!(!cleaned.contains(&digits));
        }

        #[test]
        fn redacting_twice_changes_nothing_more(text in "[0-9 +()a-z.-]{0,60}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
        }

        #[test]
        fn no_number_survives_whatever_stands_between_its_digits(
            digits in "[0-9]{8,15}",
            gaps in prop::collection::vec("\\P{N}{0,12}", 14),
        ) {
            let text: String = digits.chars().zip(&gaps).map(|(digit, gap)| format!("{digit}{gap}")).collect();
            let cleaned = redact(&text);
            let left: String = cleaned.chars().filter(char::is_ascii_digit).collect();
            prop_assert!(left.len() <= 7 && !left.contains(&digits), "{:?} became {:?}", text, cleaned);
        }

        #[test]
        fn redacting_any_text_twice_changes_nothing_more(text in "([0-9 ]|[a-z]{2}|\\[phone …[0-9]{4}\\]|\\PC){0,60}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
        }
    }
}
