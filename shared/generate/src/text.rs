//! The characters that show nothing, from Unicode's data: a table for the functions, and what the checks of the database
//! call.

use anyhow::{Context, bail};
use regex_syntax::hir::{Class, HirKind};

/// Characters that show nothing by themselves. Unicode has no property for blank symbols, so the last line names them:
/// a braille cell without dots, a note without a head, blank hieroglyphs, the fillers and joiners of four scripts, and
/// what stands for an object that is not there.
const BLANK: &str = r"[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\p{Z}\p{Noncharacter_Code_Point}
    [\p{Cf}--\p{Prepended_Concatenation_Mark}]
    \x{2800}\x{1D159}\x{13441}\x{13442}\x{16FE4}\x{2D7F}\x{1107F}\x{1BC9D}\x{FFFC}]";

/// The spaces of a name.
const SPACES: &str = r"[\x{20}\x{A0}\x{3000}]";

/// The characters of the scripts whose letters a joiner shapes, and the parts of emoji.
const JOINED: &str = r"[\p{scx=Arabic}\p{scx=Syriac}\p{scx=Nko}\p{scx=Mandaic}\p{scx=Mongolian}\p{scx=Phags_Pa}
    \p{scx=Adlam}\p{scx=Hanifi_Rohingya}\p{scx=Devanagari}\p{scx=Bengali}\p{scx=Gurmukhi}\p{scx=Gujarati}\p{scx=Oriya}
    \p{scx=Tamil}\p{scx=Telugu}\p{scx=Kannada}\p{scx=Malayalam}\p{scx=Sinhala}\p{scx=Khmer}\p{scx=Myanmar}
    \p{scx=Tibetan}\p{scx=Balinese}\p{scx=Javanese}\p{scx=Sundanese}\p{scx=Chakma}\p{scx=Meetei_Mayek}\p{scx=Grantha}
    \p{scx=Newa}\p{scx=Tirhuta}\p{scx=Limbu}\p{scx=Lepcha}\p{scx=Kaithi}
    \p{Extended_Pictographic}\p{Emoji_Modifier}]";

/// The characters that have variants.
const VARIED: &str = r"[\p{Han}\p{Mongolian}\p{Phags_Pa}\p{Myanmar}\p{Extended_Pictographic}\p{Emoji_Modifier}
    [\p{Emoji}--\p{ASCII}]]";

/// What chooses a variant of the character before it.
const SELECTORS: &str = r"[\x{FE00}-\x{FE0F}\x{180B}-\x{180D}\x{180F}\x{E0100}-\x{E01EF}]";

/// The characters of a class.
pub(crate) fn class(pattern: &str) -> anyhow::Result<Vec<(char, char)>> {
    let mut parser = regex_syntax::ParserBuilder::new().ignore_whitespace(true).build();
    match parser.parse(pattern).with_context(|| pattern.to_owned())?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => {
            Ok(class.ranges().iter().map(|range| (range.start(), range.end())).collect())
        }
        _ => bail!("no class of characters: {pattern}"),
    }
}

/// The table of `rules::blank`.
pub fn table() -> anyhow::Result<String> {
    let ranges: Vec<String> = class(BLANK)?
        .iter()
        .map(|(from, to)| format!("    ('{}', '{}'),\n", from.escape_unicode(), to.escape_unicode()))
        .collect();
    Ok(format!(
        "\
// The characters that show nothing. Generated from the data of Unicode by `make generate`; do not edit.

pub(super) const BLANK: [(char, char); {}] = [
{}];
",
        ranges.len(),
        ranges.concat()
    ))
}

/// The functions that the checks of tables call.
pub fn sql() -> anyhow::Result<String> {
    let visible = bracket("^", BLANK)?;
    let hidden = bracket("", &format!("[{BLANK}--{SPACES}]"))?;
    let misplaced = [
        // What is nowhere in its place.
        bracket("", &format!(r"[{BLANK}--[{SPACES}{SELECTORS}\x{{200C}}\x{{200D}}]]"))?,
        format!("(?<!{})[\\u200c\\u200d]", bracket("", &format!(r"[[{JOINED}\x{{FE0F}}]--[{BLANK}--\x{{FE0F}}]]"))?),
        format!("[\\u200c\\u200d](?!{})", bracket("", &format!("[{JOINED}--{BLANK}]"))?),
        format!("(?<!{}){}(?!\\u20e3)", bracket("", &format!("[{VARIED}--{BLANK}]"))?, bracket("", SELECTORS)?),
    ]
    .join("|");
    Ok(format!(
        "\
-- Texts that people read. Generated from the data of Unicode by `make generate`; do not edit.

-- Whether a text has a character that shows something. A text that begins with a letter of English, which most do, costs
-- no regular expression.
create or replace function rolecall_internal.has_visible(p_text text)
returns boolean
language sql
immutable
parallel safe
return case
  when ascii(p_text) between 33 and 126 then true
  else p_text collate \"C\" ~ '{visible}'
end;

-- Whether a text can be a name: it shows something and hides nothing. Joiners, selectors of variants and the tags of a
-- flag may stand where they change what is seen.
create or replace function rolecall_internal.is_name(p_text text)
returns boolean
language sql
immutable
parallel safe
return case
  when not rolecall_internal.has_visible(p_text) then false
  when p_text collate \"C\" !~ '{hidden}' then true
  else regexp_replace(
    p_text collate \"C\",
    '\\U0001f3f4[\\U000e0030-\\U000e0039\\U000e0061-\\U000e007a]{{3,6}}\\U000e007f',
    '',
    'g'
  ) !~ '{misplaced}'
end;
"
    ))
}

/// A class as PostgreSQL writes it. The null character cannot be in a text.
fn bracket(prefix: &str, pattern: &str) -> anyhow::Result<String> {
    let ranges = class(pattern)?.into_iter().map(|(from, to)| {
        let from = from.max('\u{1}');
        if from == to { escape(from) } else { format!("{}-{}", escape(from), escape(to)) }
    });
    Ok(format!("[{prefix}{}]", ranges.collect::<String>()))
}

pub(crate) fn escape(character: char) -> String {
    match u32::from(character) {
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(pattern: &str, character: char) -> bool {
        class(pattern).unwrap().iter().any(|&(from, to)| (from..=to).contains(&character))
    }

    #[test]
    fn a_name_may_join_and_vary_what_can_be_seen_alone() {
        for (pattern, yes, no) in [(JOINED, "नم👩\u{1f3fd}", "aЖ漢한1 "), (VARIED, "漢❤©", "aЖ한1 ")] {
            assert!(yes.chars().all(|character| is_in(pattern, character)), "{pattern}");
            assert!(!no.chars().any(|character| is_in(pattern, character)), "{pattern}");
        }
    }

    #[test]
    fn a_class_has_no_null_character_in_sql() {
        assert_eq!(bracket("^", r"[\x{0}-\x{20}\x{2800}\x{1D159}]").unwrap(), "[^\\u0001-\\u0020\\u2800\\U0001d159]");
    }
}
