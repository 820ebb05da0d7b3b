//! Which streams of digits are phone numbers.

use super::{
    harmless::is_compact_date,
    stream::{Group, Stream},
};

/// Fewest digits of a phone number: a North American local number.
pub(super) const FEWEST: usize = 7;

/// Most digits of a phone number (ITU-T E.164). A microchip has as many.
const MOST: usize = 15;

/// What was said just before the digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Context {
    #[default]
    None,
    /// Call, text, phone.
    Phone,
    /// Order, chip, invoice.
    Reference,
    /// PIN, password.
    Code,
}

/// The normalised number, if the stream is one. `named_after` says that an order, a chip or the like is named after it.
pub(super) fn value(stream: &Stream, named_after: bool) -> Option<String> {
    let lengths: Vec<usize> = stream.groups.iter().map(|group| group.length).collect();
    let window = lengths.windows(3).position(|three| three == [3, 3, 4]);
    is_phone(stream, &lengths, named_after).then(|| {
        // +44 (0)20: the zero is said at home only.
        let home = match lengths.as_slice() {
            [country, 1, _, ..] if stream.plus && stream.digits[*country..].starts_with('0') => Some(*country),
            _ => None,
        };
        let digits = match window {
            // More digits than a number has; of these the ones in its usual form, with the country code 1.
            Some(at) if !stream.plus && stream.digits.len() > 11 => {
                let before: usize = lengths[..at].iter().sum();
                let country = usize::from(stream.digits[..before].ends_with('1') && lengths[at - 1] == 1);
                &stream.digits[before - country..before + 10]
            }
            _ => &stream.digits[..stream.digits.len().min(MOST)],
        };
        let mut value = format!("{}{digits}", if stream.plus { "+" } else { "" });
        if let Some(zero) = home {
            value.remove(zero + 1);
        }
        value
    })
}

fn is_phone(stream: &Stream, lengths: &[usize], named_after: bool) -> bool {
    let (digits, groups) = (stream.digits.as_str(), stream.groups.as_slice());
    let called = stream.context == Context::Phone;
    let reference = stream.context == Context::Reference || named_after && !called && groups.len() == 1;
    let international = stream.plus || digits.starts_with("00") || digits.starts_with("011");
    let usual = lengths.windows(3).any(|three| three == [3, 3, 4]);
    let spelled = groups.iter().all(|group| group.spelled);
    if stream.plus && (FEWEST..=MOST).contains(&digits.len()) {
        return true;
    }
    if digits.len() > MOST {
        return spelled && !reference || usual || lengths.iter().any(|length| (10..=11).contains(length));
    }
    if digits.len() == MOST && !international {
        return usual && !reference;
    }
    if usual {
        return true;
    }
    if reference || stream.context == Context::Code && digits.len() < 10 {
        return false;
    }
    if groups.len() == 1 {
        return !(matches!(digits.len(), 12 | 14) && digits[..8].parse().is_ok_and(is_compact_date));
    }
    if !called && lengths.iter().all(|&length| length == 4) && are_times(digits) {
        return false;
    }
    if spelled {
        return called || !counts_up(digits, groups);
    }
    // 213, then 555, then 01, then 99.
    if groups[1..].iter().all(|group| group.comma && group.filled) && matches!(lengths, [3, 3, _, ..]) {
        return (10..=11).contains(&digits.len());
    }
    if groups.iter().any(|group| group.comma) {
        let pairs = lengths.iter().all(|&length| length == 2) && digits.starts_with('0') && digits.len() > 8;
        return pairs || lengths == [3, 4] || split(groups, digits, called);
    }
    (called || !ascends(digits, lengths)) && has_shape(groups, lengths, digits, called)
}

/// 4, 8, 15, 16, 23, 42: a list.
fn ascends(digits: &str, lengths: &[usize]) -> bool {
    let mut rest = digits;
    let values = lengths.iter().map(|&length| {
        let (group, after) = rest.split_at(length);
        rest = after;
        group.parse::<u64>().unwrap_or_default()
    });
    lengths.len() > 3 && !digits.starts_with('0') && values.is_sorted_by(|one, two| one < two)
}

/// 0700, 1200.
fn are_times(digits: &str) -> bool {
    digits.as_bytes().chunks(4).all(|time| time[..2] < b"24"[..] && time[2] < b'6' && matches!(time[3], b'0' | b'5'))
}

/// One, two, three, ...
fn counts_up(digits: &str, groups: &[Group]) -> bool {
    let counted: String = (1..=groups.len()).map(|number| number.to_string()).collect();
    digits == counted
}

/// Whether the groups between two commas are a number.
fn split(groups: &[Group], digits: &str, called: bool) -> bool {
    let (mut from, mut digit) = (0, 0);
    while from < groups.len() {
        let more = groups[from + 1..].iter().position(|group| group.comma);
        let to = more.map_or(groups.len(), |more| from + 1 + more);
        let lengths: Vec<usize> = groups[from..to].iter().map(|group| group.length).collect();
        let end = digit + lengths.iter().sum::<usize>();
        if end - digit >= FEWEST && has_shape(&groups[from..to], &lengths, &digits[digit..end], called) {
            return true;
        }
        (from, digit) = (to, end);
    }
    false
}

/// Whether groups of these lengths are how phone numbers are written.
fn has_shape(groups: &[Group], lengths: &[usize], digits: &str, called: bool) -> bool {
    let dashed = groups[1..].iter().all(|group| group.dash);
    let zero = digits.starts_with('0');
    called
        || match digits.len() {
            7 => matches!(lengths, [7] | [3, 4] | [3, 2, 2] | [1, 1, ..]),
            8 => {
                let known = matches!(
                    lengths,
                    [8] | [4, 4] | [2, 2, 2, 2] | [2, 3, 3] | [3, 2, 3] | [1, 7] | [1, 3, 4] | [1, 1, ..]
                );
                known || matches!(lengths, [3, 5] | [2, 6] | [4, 2, 2]) && zero
            }
            // A postcode of the USA; a list of numbers.
            9 if lengths == [5, 4] && dashed => false,
            _ => zero || !groups[1..].iter().all(|group| group.filled) || lengths.iter().all(|&length| length == 1),
        }
}
