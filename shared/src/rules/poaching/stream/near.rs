//! What was announced shortly before a number.

use crate::rules::poaching::{concept::*, lexicon::Hash, phone::Context, piece::Piece};

/// How many words ago a number of this kind was announced.
#[derive(Clone, Copy, Default)]
pub(super) struct Near {
    pub(super) word: usize,
    pub(super) phone: Option<usize>,
    pub(super) reference: Option<usize>,
    code: Option<usize>,
    serial: Option<usize>,
    /// The last word is what an order or batch is called, or the word for a number after it; no phone is near.
    pub(super) named: bool,
    last: Option<Hash>,
}

impl Near {
    const FAR: usize = 6;

    /// How near a lot or file is whose number follows.
    const NEAR: usize = 5;

    /// What a number is called after only with the number next to it: "a lot", "in case" and "on file" are no such thing.
    const NAMES: [&str; 4] = ["lot", "case", "file", "claim"];

    /// Before the word for a code, the code of a place and no secret.
    const PLACES: [&str; 5] = ["area", "country", "dialling", "dialing", "city"];

    pub(super) fn read(&mut self, piece: &Piece) {
        self.word += 1;
        let (last, near) = (self.last.replace(piece.hash), |place: Option<usize>| {
            place.is_some_and(|place| self.word - place < Near::NEAR)
        });
        let abbreviated = |word: &str| piece.hash == Hash::of(word.chars());
        let number = piece.is(NUMBER) || piece.len() == 2 && (abbreviated("no") || abbreviated("nr"));
        // The number of a parcel is none to call.
        let named = number && !self.is_phone_word(piece) && (near(self.reference) || near(self.serial));
        let order = piece.is(REFERENCE | SERIAL) && !(piece.len() == 2 && abbreviated("id")) && !piece.is(PHONE);
        let quiet = self.phone.is_none_or(|place| self.word - place >= Near::FAR);
        self.named = quiet && (order || self.named && (number || piece.is(CODE)));
        if piece.is(SERIAL) || number && is_one_of(last, &Near::NAMES) {
            self.serial = Some(self.word);
        }
        if piece.is(PREFIX) || piece.is(CODE) && is_one_of(last, &Near::PLACES) {
            self.phone = Some(self.word);
            return;
        }
        if piece.is(PHONE) && !named {
            self.phone = Some(self.word);
        }
        // I'd.
        if piece.is(REFERENCE) && !(piece.len() == 3 && abbreviated("id")) {
            self.reference = Some(self.word);
        }
        if piece.is(CODE) {
            self.code = Some(self.word);
        }
    }

    /// A word that says phone by itself, not number alone.
    fn is_phone_word(&self, piece: &Piece) -> bool {
        piece.is(PHONE) && !is_one_of(Some(piece.hash), &["nummer", "numer", "numero", "number"])
    }

    pub(super) fn context(&self) -> Context {
        if is_one_of(self.last, &Near::NAMES) {
            return Context::Serial;
        }
        let near = |place: Option<usize>, far: usize| place.filter(|place| self.word - place < far);
        [
            (near(self.serial, Near::NEAR), Context::Serial),
            (near(self.phone, Near::FAR), Context::Phone),
            (near(self.reference, Near::FAR), Context::Reference),
            (near(self.code, Near::FAR), Context::Code),
        ]
        .into_iter()
        .filter_map(|(place, context)| place.map(|place| (place, context)))
        .max_by_key(|&(place, _)| place)
        .map_or(Context::None, |(_, context)| context)
    }
}

fn is_one_of(word: Option<Hash>, words: &[&str]) -> bool {
    word.is_some_and(|word| words.iter().any(|known| word == Hash::of(known.chars())))
}
