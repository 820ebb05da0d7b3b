//! The hash of a word.

/// FNV-1a over characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules::poaching) struct Hash(pub(super) u64);

impl Hash {
    pub(in crate::rules::poaching) const EMPTY: Hash = Hash(0xcbf2_9ce4_8422_2325);
    const STEM: u64 = 0x5bd1_e995_9d1b_54a5;

    pub(in crate::rules::poaching) fn push(self, character: char) -> Hash {
        Hash((self.0 ^ u64::from(u32::from(character))).wrapping_mul(0x0100_0000_01b3))
    }

    pub(in crate::rules::poaching) fn of(text: impl Iterator<Item = char>) -> Hash {
        text.fold(Hash::EMPTY, Hash::push)
    }

    /// The hash of two words, or of several and one more.
    pub(in crate::rules::poaching) fn join(self, next: Hash) -> Hash {
        Hash(self.0.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ next.0)
    }

    pub(super) fn stem(self) -> Hash {
        Hash(self.0 ^ Hash::STEM)
    }

    /// Of a word that lacks a letter.
    pub(super) fn typo(self) -> Hash {
        Hash(self.0 ^ Hash::STEM.rotate_left(17))
    }

    /// Of a word that is found in spite of a typo.
    pub(super) fn whole(self) -> Hash {
        Hash(self.0 ^ Hash::STEM.rotate_left(34))
    }
}
