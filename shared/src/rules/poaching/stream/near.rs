//! What was announced shortly before a number.

use crate::rules::poaching::{concept::*, phone::Context, piece::Piece};

/// How many words ago a number of this kind was announced.
#[derive(Clone, Copy, Default)]
pub(super) struct Near {
    pub(super) word: usize,
    pub(super) phone: Option<usize>,
    pub(super) reference: Option<usize>,
    code: Option<usize>,
}

impl Near {
    const FAR: usize = 6;

    pub(super) fn read(&mut self, piece: &Piece) {
        self.word += 1;
        for (concept, place) in [(PHONE, &mut self.phone), (REFERENCE, &mut self.reference), (CODE, &mut self.code)] {
            if piece.is(concept) {
                *place = Some(self.word);
            }
        }
    }

    pub(super) fn context(&self) -> Context {
        let near = |place: Option<usize>| place.filter(|place| self.word - place < Near::FAR);
        [
            (near(self.phone), Context::Phone),
            (near(self.reference), Context::Reference),
            (near(self.code), Context::Code),
        ]
        .into_iter()
        .filter_map(|(place, context)| place.map(|place| (place, context)))
        .max_by_key(|&(place, _)| place)
        .map_or(Context::None, |(_, context)| context)
    }
}
