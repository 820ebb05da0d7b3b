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
    /// Lot, file, tax number, parcel service.
    Serial,
    /// PIN, password.
    Code,
}

/// What stands after the digits, and directly before them.
#[derive(Clone, Copy)]
pub(super) struct After {
    /// An order, a chip or the like is named.
    pub(super) reference: bool,
    /// A phone is named.
    pub(super) phone: bool,
    /// O'clock, kilograms, euros.
    pub(super) unit: bool,
    /// A word with a capital letter, such as the name of a city.
    pub(super) name: bool,
    /// How many capital letters stand directly before the digits.
    pub(super) letters: usize,
}

/// The normalised number, if the stream is one.
pub(super) fn value(stream: &Stream, after: After) -> Option<String> {
    let lengths: Vec<usize> = stream.groups.iter().map(|group| group.length).collect();
    let window = lengths.windows(3).position(|three| three == [3, 3, 4]);
    is_phone(stream, &lengths, after).then(|| {
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

fn is_phone(stream: &Stream, lengths: &[usize], after: After) -> bool {
    let (digits, groups) = (stream.digits.as_str(), stream.groups.as_slice());
    let called = stream.context == Context::Phone;
    let reference = matches!(stream.context, Context::Reference | Context::Serial)
        || after.reference && !called && groups.len() == 1;
    let international = stream.plus || digits.starts_with("00") || digits.starts_with("011");
    let usual = lengths.windows(3).any(|three| three == [3, 3, 4]);
    let spelled = groups.iter().all(|group| group.spelled);
    if stream.plus && (FEWEST..=MOST).contains(&digits.len()) {
        return true;
    }
    let serial = after.letters > 1 || after.letters == 1 && !(10..=11).contains(&digits.len());
    if !called && !usual && (serial || after.unit && lengths.iter().all(|&length| length < 5)) {
        return false;
    }
    if !called && !usual && is_enumeration(groups, lengths, digits) {
        return false;
    }
    if digits.len() > MOST {
        // `1Z999AA10123456784`: a parcel.
        if stream.disguised && !called && !usual {
            return false;
        }
        return spelled && !reference || usual || lengths.iter().any(|length| (10..=11).contains(length));
    }
    if digits.len() == MOST && !international {
        let parted = groups.iter().any(|group| group.comma) && split(groups, digits, called);
        return !reference && (usual || parted);
    }
    if usual {
        let named = stream.context == Context::Reference && stream.named && !after.phone;
        return stream.context != Context::Serial && !named;
    }
    if reference || stream.context == Context::Code && digits.len() < 10 {
        return false;
    }
    if groups.len() == 1 {
        // A parcel: digits with letters among them that look like more of them.
        let parcel = stream.disguised && digits.len() > 11 && !international;
        let date = matches!(digits.len(), 12 | 14) && digits[..8].parse().is_ok_and(is_compact_date);
        return !parcel && !date;
    }
    if !called && lengths.iter().all(|&length| length == 4) && are_times(digits) {
        return false;
    }
    if spelled {
        return called || !counts_up(digits, groups) && !are_hours(digits, lengths);
    }
    // 202, then 555, and at the end 0147.
    let dictated = groups.iter().filter(|group| group.comma).all(|group| group.filled);
    let filled = groups.iter().filter(|group| group.filled).count();
    if dictated && filled > 1 && (10..=11).contains(&digits.len())
        || groups[1..].iter().all(|group| group.filled)
            && (called || digits.starts_with('0'))
            && (8..=12).contains(&digits.len())
    {
        return true;
    }
    // 910 and then 555 and at the end 072.
    let round = |value: u64| value.is_multiple_of(5);
    let mobile = || {
        lengths == [3, 3, 3]
            && groups[1..].iter().all(|group| group.filled)
            && digits.starts_with(['6', '7', '9'])
            && (digits[6..].starts_with('0') || values(digits, lengths).filter(|&value| !round(value)).count() > 1)
    };
    if mobile() {
        return true;
    }
    // 213, then 555, then 01, then 99.
    if groups[1..].iter().all(|group| group.comma && group.filled) && matches!(lengths, [3, 3, _, ..]) {
        return (10..=11).contains(&digits.len());
    }
    if groups.iter().any(|group| group.comma) {
        // House and postcode: 112, 8001 Zurich.
        if !called && after.name && matches!(lengths, [1..=3, 4..=5]) {
            return false;
        }
        if called && (10..=11).contains(&digits.len()) && lengths.iter().any(|&length| length > 2) {
            return true;
        }
        let pairs = lengths.iter().all(|&length| length == 2) && digits.starts_with('0') && digits.len() > 8;
        return pairs || lengths == [3, 4] || split(groups, digits, called);
    }
    (called || !ascends(digits, lengths)) && has_shape(groups, lengths, digits, called)
}

/// The value of each group.
fn values<'a>(digits: &'a str, lengths: &'a [usize]) -> impl Iterator<Item = u64> + 'a {
    lengths.iter().scan(digits, |rest, &length| {
        let (group, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(group.parse().unwrap_or_default())
    })
}

/// Years, a day with hours, a sum, scores, shares: numbers next to each other, whatever their digits together look like.
fn is_enumeration(groups: &[Group], lengths: &[usize], digits: &str) -> bool {
    if groups.len() < 2 {
        return false;
    }
    let all = |mark: char| groups[1..].iter().all(|group| group.mark == Some(mark));
    let values: Vec<u64> = values(digits, lengths).collect();
    let year = |value: u64| (1900..2100).contains(&value);
    let each = || values.iter().zip(lengths);
    let years = lengths.iter().filter(|&&length| length == 4).count() > 1
        && lengths[0] == 4
        && each().all(|(&value, &length)| length == 4 && year(value) || length == 2);
    let day = |from: usize| {
        matches!(&values[from..], [day, month, rest @ ..]
        if (1..=31).contains(day) && (1..=12).contains(month) && rest.iter().all(|&time| time < 60))
    };
    let date = match lengths {
        [2, 2, 4] | [2, 2, 4, 2, 2] => {
            year(values[2]) && (1..=31).contains(&values[0]) && (1..=12).contains(&values[1])
        }
        [4, 2, 2, 2, 2] => year(values[0]) && day(1),
        _ => false,
    };
    let sum =
        groups.iter().any(|group| group.mark == Some('=')) || all('+') && lengths.iter().all(|&length| length < 3);
    let shares = all('/') && lengths.iter().all(|&length| length < 3) && !digits.starts_with('0') && digits.len() < 9;
    // 3-2, 4-1, 0-0, 2-1.
    let scores = (6..=8).contains(&groups.len())
        && groups.len().is_multiple_of(2)
        && lengths.iter().all(|&length| length == 1)
        && groups.chunks(2).all(|pair| matches!(pair, [first, second] if !first.dash && second.dash));
    // 10.0.19045.3803.
    let version = all('.') && groups.len() == 4 && lengths[1] == 1 && lengths[2] > 3 && !digits.starts_with('0');
    years || date || sum || shares || scores || version
}

/// Eight, twelve, sixteen and twenty.
fn are_hours(digits: &str, lengths: &[usize]) -> bool {
    let values: Vec<u64> = values(digits, lengths).collect();
    values.len() > 2
        && values[0] > 0
        && values.iter().all(|&value| value < 25)
        && values.iter().filter(|&&value| value > 9).count() * 2 > values.len()
        && values.is_sorted_by(|one, two| one < two)
}

/// 4, 8, 15, 16, 23, 42: a list.
fn ascends(digits: &str, lengths: &[usize]) -> bool {
    lengths.len() > 3 && !digits.starts_with('0') && values(digits, lengths).is_sorted_by(|one, two| one < two)
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
