//! Keys of NATS as text (nkeys): base32 of what the key is for, its 32 bytes, and a checksum of both.

use data_encoding::BASE32_NOPAD;
use std::fmt;

/// The length of a key, in bytes.
const KEY_BYTES: usize = 32;

/// What the first byte of a seed begins with.
const SEED: u8 = 18 << 3;

/// What a key is for. Its letter begins the text of a public key, and follows the `S` of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `A`: an account's own key, or one that signs for it.
    Account,
    /// `U`: a user's.
    User,
}

impl KeyType {
    const fn prefix(self) -> u8 {
        match self {
            KeyType::Account => 0,
            KeyType::User => 20 << 3,
        }
    }
}

/// A public key as text.
pub fn public_key(of: KeyType, key: &[u8; KEY_BYTES]) -> String {
    let mut bytes = Vec::with_capacity(1 + KEY_BYTES + 2);
    bytes.push(of.prefix());
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(&checksum(&bytes).to_le_bytes());
    BASE32_NOPAD.encode(&bytes)
}

/// Whether `text` is a public key of this type.
pub fn is_public_key(of: KeyType, text: &str) -> bool {
    decode(text).is_some_and(|bytes| bytes.len() == 1 + KEY_BYTES && bytes[0] == of.prefix())
}

/// The seed of a key pair: a secret, which cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; KEY_BYTES]);

impl Seed {
    /// Reads a seed of this type; none if it has another form.
    pub fn parse(of: KeyType, text: &str) -> Option<Seed> {
        let bytes = decode(text)?;
        let (head, key) = bytes.split_at_checked(2)?;
        // The prefix of the key takes five bits, three in the first byte and two in the second, which are its highest.
        let wanted = [SEED | (of.prefix() >> 5), of.prefix() << 3];
        if head == wanted { Some(Seed(key.try_into().ok()?)) } else { None }
    }

    /// The bytes that the key pair is made from.
    pub fn bytes(&self) -> [u8; KEY_BYTES] {
        self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// What the text encodes, without its checksum; none if that is wrong.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
    let (content, sum) = bytes.split_last_chunk()?;
    if checksum(content).to_le_bytes() != *sum {
        return None;
    }
    bytes.truncate(bytes.len() - 2);
    Some(bytes)
}

/// CRC-16/XMODEM, which nkeys end with.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(
            sum ^ (u16::from(*byte) << 8),
            |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nkeys::{KeyPair, KeyPairType};
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_one_of_the_catalogue() {
        assert_eq!(checksum(b"123456789"), 0x31c3);
    }

    #[test]
    fn a_key_of_another_type_is_none() {
        let (account, user) = (KeyPair::new_account(), KeyPair::new_user());
        assert!(is_public_key(KeyType::Account, &account.public_key()));
        assert!(is_public_key(KeyType::User, &user.public_key()));
        assert!(!is_public_key(KeyType::User, &account.public_key()));
        assert!(!is_public_key(KeyType::Account, &account.seed().unwrap()));
        assert!(!is_public_key(KeyType::Account, &KeyPair::new_operator().public_key()));
        assert!(Seed::parse(KeyType::Account, &account.seed().unwrap()).is_some());
        assert_eq!(Seed::parse(KeyType::User, &account.seed().unwrap()), None);
        assert_eq!(Seed::parse(KeyType::Account, &account.public_key()), None);
        for other in [KeyPair::new_operator(), KeyPair::new_user(), KeyPair::new_server(), KeyPair::new_cluster()] {
            assert_eq!(Seed::parse(KeyType::Account, &other.seed().unwrap()), None);
        }
    }

    #[test]
    fn a_seed_is_never_printed() {
        let seed = Seed::parse(KeyType::Account, &KeyPair::new_account().seed().unwrap()).unwrap();
        assert_eq!(format!("{seed:?}"), "Seed");
    }

    proptest! {
        /// What this module writes and reads is what the NATS project's own crate does.
        #[test]
        fn keys_are_those_of_nats(raw: [u8; 32]) {
            let pair = KeyPair::new_from_raw(KeyPairType::Account, raw).unwrap();
            let seed = Seed::parse(KeyType::Account, &pair.seed().unwrap()).unwrap();
            prop_assert_eq!(seed.bytes(), raw);
            let user = public_key(KeyType::User, &raw);
            prop_assert!(is_public_key(KeyType::User, &user));
            let (prefix, key) = nkeys::from_public_key(&user).unwrap();
            prop_assert_eq!((KeyPairType::from(prefix), key), (KeyPairType::User, raw));
        }

        #[test]
        fn one_wrong_character_is_found(raw: [u8; 32], at in 0_usize..58, other in "[A-Z2-7]") {
            let seed = KeyPair::new_from_raw(KeyPairType::Account, raw).unwrap().seed().unwrap();
            let mut wrong = seed.clone();
            wrong.replace_range(at..=at, &other);
            prop_assert_eq!(Seed::parse(KeyType::Account, &wrong).is_some(), wrong == seed);
        }

        #[test]
        fn reading_a_key_never_panics(text in ".{0,70}", seed in "S[A-Z2-7]{57}") {
            let _ = (Seed::parse(KeyType::Account, &text), is_public_key(KeyType::Account, &text));
            let _ = Seed::parse(KeyType::Account, &seed);
        }
    }
}
