//! The numerals of every script, from Unicode's data: a table for `redact` in Rust and a function for `redact` in SQL.

use crate::text::{class, escape};
use anyhow::ensure;

/// Numerals whose value Unicode's general category does not tell: the first, the last, and the first's digit. They are
/// superscripts and subscripts, enclosed and stopped digits, Roman numerals, and the digits of Ethiopic, Khmer (lek
/// attak), Hangzhou, Kharoshthi, Rumi and Brahmi.
const VALUED: [(char, char, u8); 50] = [
    ('\u{b2}', '\u{b3}', 2),
    ('\u{b9}', '\u{b9}', 1),
    ('\u{1369}', '\u{1371}', 1),
    ('\u{17f0}', '\u{17f9}', 0),
    ('\u{19da}', '\u{19da}', 1),
    ('\u{2070}', '\u{2070}', 0),
    ('\u{2074}', '\u{2079}', 4),
    ('\u{2080}', '\u{2089}', 0),
    ('\u{2160}', '\u{2168}', 1),
    ('\u{2170}', '\u{2178}', 1),
    ('\u{2460}', '\u{2468}', 1),
    ('\u{2474}', '\u{247c}', 1),
    ('\u{2488}', '\u{2490}', 1),
    ('\u{24ea}', '\u{24ea}', 0),
    ('\u{24f5}', '\u{24fd}', 1),
    ('\u{24ff}', '\u{24ff}', 0),
    ('\u{2776}', '\u{277e}', 1),
    ('\u{2780}', '\u{2788}', 1),
    ('\u{278a}', '\u{2792}', 1),
    ('\u{3007}', '\u{3007}', 0),
    ('\u{3021}', '\u{3029}', 1),
    ('\u{3220}', '\u{3228}', 1),
    ('\u{3280}', '\u{3288}', 1),
    ('\u{4e00}', '\u{4e00}', 1),
    ('\u{4e03}', '\u{4e03}', 7),
    ('\u{4e09}', '\u{4e09}', 3),
    ('\u{4e5d}', '\u{4e5d}', 9),
    ('\u{4e8c}', '\u{4e8c}', 2),
    ('\u{4e94}', '\u{4e94}', 5),
    ('\u{516b}', '\u{516b}', 8),
    ('\u{516d}', '\u{516d}', 6),
    ('\u{56db}', '\u{56db}', 4),
    ('\u{96f6}', '\u{96f6}', 0),
    ('\u{10a40}', '\u{10a43}', 1),
    ('\u{10e60}', '\u{10e68}', 1),
    ('\u{11052}', '\u{1105a}', 1),
    ('\u{1d360}', '\u{1d368}', 1),
    ('\u{1f100}', '\u{1f100}', 0),
    ('\u{1f101}', '\u{1f10a}', 0),
    ('\u{1f10b}', '\u{1f10b}', 0),
    ('\u{1f10c}', '\u{1f10c}', 0),
    ('\u{102e1}', '\u{102e9}', 1),
    ('\u{10107}', '\u{1010f}', 1),
    ('\u{10320}', '\u{10320}', 1),
    ('\u{10321}', '\u{10321}', 5),
    ('\u{1d2c0}', '\u{1d2c9}', 0),
    ('\u{1d2e0}', '\u{1d2e9}', 0),
    ('\u{1e8c7}', '\u{1e8cf}', 1),
    ('\u{1ec71}', '\u{1ec79}', 1),
    ('\u{1ed01}', '\u{1ed09}', 1),
];

/// The numerals outside ASCII in order: the first of a range, the last, and the first's digit; each next one's is one
/// more, and 0 after 9.
fn numerals() -> anyhow::Result<Vec<(char, char, u8)>> {
    let decimal = class(r"[\p{Nd}--[0-9]]")?;
    let mut ranges = Vec::new();
    for (from, to) in decimal {
        // Every script has its ten digits in their order; some stand one set after the other.
        ensure!((u32::from(to) - u32::from(from) + 1).is_multiple_of(10), "no sets of ten digits: {from:?} to {to:?}");
        ranges.push((from, to, 0));
    }
    ranges.extend(VALUED);
    let valued: String = VALUED
        .iter()
        .map(|(from, to, _)| format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(*from), u32::from(*to)))
        .collect();
    for (from, to) in class(&format!(r"[\p{{N}}--[\p{{Nd}}{valued}]]"))? {
        ranges.push((from, to, 0));
    }
    // The standard library may know a newer Unicode. Its new scripts have their ten digits in their order, too.
    for character in ('\0'..=char::MAX).filter(|character| !character.is_ascii() && character.is_numeric()) {
        if ranges.iter().any(|(from, to, _)| (*from..=*to).contains(&character)) {
            continue;
        }
        match ranges.last_mut() {
            Some((_, to, _)) if u32::from(*to) + 1 == u32::from(character) => *to = character,
            _ => ranges.push((character, character, 0)),
        }
    }
    ranges.sort_unstable();
    ensure!(ranges.is_sorted_by(|(_, to, _), (from, _, _)| to < from), "two ranges of numerals overlap");
    Ok(ranges)
}

/// The table of `rules::redact`.
pub fn table() -> anyhow::Result<String> {
    let ranges: Vec<String> = numerals()?
        .iter()
        .map(|(from, to, first)| format!("    ('{}', '{}', {first}),\n", from.escape_unicode(), to.escape_unicode()))
        .collect();
    Ok(format!(
        "\
// The numerals outside ASCII: the first of a range, the last, the first's digit. Generated from the data of Unicode by
// `make generate`; do not edit.

pub(super) const NUMERALS: [(char, char, u8); {}] = [
{}];
",
        ranges.len(),
        ranges.concat()
    ))
}

/// The function that `rolecall_internal.redact` reads digits by.
pub fn sql() -> anyhow::Result<String> {
    let numerals = numerals()?;
    let characters: String = numerals
        .iter()
        .map(|&(from, to, _)| if from == to { escape(from) } else { format!("{}-{}", escape(from), escape(to)) })
        .collect();
    let ranges: Vec<String> = numerals
        .iter()
        .map(|(from, to, first)| format!("    ({}, {}, {first})", u32::from(*from), u32::from(*to)))
        .collect();
    Ok(format!(
        "\
-- Numerals. Generated from the data of Unicode by `make generate`; do not edit.

-- The text with ASCII digits in place of the numerals of every script. Every character keeps its place.
create or replace function rolecall_internal.with_ascii_digits(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text := p_text;
  v_numeral text;
  v_digit int;
begin
  if octet_length(p_text) = char_length(p_text) then
    return p_text;
  end if;
  for v_numeral, v_digit in
    select found.numeral, (range.first + ascii(found.numeral) - range.lowest) % 10
    from (
      select distinct match[1] as numeral
      from regexp_matches(
        p_text collate \"C\",
        '[{characters}]',
        'g'
      ) as match
    ) as found
    join (
      values
{}
    ) as range (lowest, highest, first)
      on ascii(found.numeral) between range.lowest and range.highest
  loop
    v_text := replace(v_text, v_numeral, v_digit::text);
  end loop;
  return v_text;
end
$$;
",
        ranges.join(",\n").replace("    (", "        (")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_numeral_has_a_digit() {
        let numerals = numerals().unwrap();
        let digit = |c: char| {
            let (from, _, first) = *numerals.iter().find(|(from, to, _)| (*from..=*to).contains(&c)).unwrap();
            (u32::from(first) + u32::from(c) - u32::from(from)) % 10
        };
        for text in [
            "٠١٢٣٤٥٦٧٨٩",
            "०१२३४५६७८९",
            "０１２３４５６７８９",
            "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
            "⁰¹²³⁴⁵⁶⁷⁸⁹",
            "〇一二三四五六七八九",
            "⓪①②③④⑤⑥⑦⑧⑨",
        ] {
            let digits: Vec<u32> = text.chars().map(digit).collect();
            assert_eq!(digits, (0..10).collect::<Vec<_>>(), "{text}");
        }
    }
}
