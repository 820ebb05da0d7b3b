//! What words mean to the filter, whatever their language: a set of bits.

/// A set of concepts.
pub(super) type Concepts = u128;

macro_rules! concepts {
    ($($(#[doc = $doc:literal])* $name:ident = $bit:literal;)*) => {
        $($(#[doc = $doc])* pub(super) const $name: Concepts = 1 << $bit;)*
    };
}

concepts! {
    /// The writer: me, us.
    ME = 0;
    /// Mine, our.
    MY = 1;
    /// Your.
    YOUR = 2;
    /// The reader: you; also the sitter, which is one of both.
    YOU = 3;
    /// To call, text, write to.
    CONTACT = 4;
    /// To talk, to chat, a conversation.
    TALK = 5;
    /// To take, to switch, to continue: what is done with a conversation that moves.
    MOVE = 6;
    /// To pay, payment.
    PAY = 7;
    /// To book, to hire, to arrange.
    BOOK = 8;
    /// To sit, to walk, to come: what a sitter does.
    SERVE = 9;
    /// Directly.
    DIRECT = 10;
    /// Privately.
    PRIVATELY = 11;
    /// Outside, off, without, instead of.
    OUT = 12;
    /// In, through, via.
    IN = 13;
    /// The application or platform.
    APP = 14;
    /// The agency, the office, the middleman.
    AGENCY = 15;
    /// A fee, a commission.
    FEE = 16;
    /// To save, to avoid.
    SAVE = 17;
    /// Cash.
    CASH = 18;
    /// A service that moves money: Venmo, PayPal, a bank.
    PURSE = 19;
    /// A messenger by name: WhatsApp, Telegram.
    CHAT = 20;
    /// A social network by name: Instagram, Facebook.
    SOCIAL = 21;
    /// A name of one of both that is a common word or abbreviation, too: signal, snap, ig.
    VAGUE = 22;
    /// A phone or its number.
    NUMBER = 23;
    /// To give, to have, to ask for.
    GIVE = 24;
    /// Cheaper, a discount.
    CHEAP = 25;
    /// Not, never.
    NOT = 26;
    /// A phrase that asks to move by itself: off the grid of the platform.
    MOVE_PHRASE = 27;
    /// A phrase that asks to pay elsewhere by itself.
    PAY_PHRASE = 28;
    /// On the side, under the table.
    SIDE = 29;
    /// No need to, stop using.
    NO_NEED = 30;
    /// What an order, a chip or a document is called by: its number is no phone number.
    REFERENCE = 31;
    /// A short secret: code, PIN, password.
    CODE = 32;
    /// Reach me at: what stands before a phone number.
    PHONE = 33;
    /// A unit, after a number.
    UNIT = 34;
    /// At, as it is spelled in addresses.
    AT = 35;
    /// Dot, as it is spelled in addresses.
    DOT = 36;
    /// A provider of mailboxes: gmail.
    MAILBOX = 37;
    /// A name of a mailbox or page in general: email, e-mail.
    EMAIL = 38;
    /// A top-level domain that is no common word.
    TLD = 39;
    /// A top-level domain that is a common word, too.
    VAGUE_TLD = 40;
    /// What may stand between the groups of a spelled number: dash, then.
    FILLER = 41;
    /// On, over, by: what stands before the name of a messenger.
    ON = 42;
    /// Handle, profile, name: what stands between the name of a network and a handle; is.
    NAMED = 43;
    /// To add, to follow, to find, to look up.
    ADD = 44;
    /// To have or use, of the reader: what asks for a messenger.
    HAVE = 45;
    /// I.
    I = 46;
    /// To accept, to prefer.
    ACCEPT = 47;
    /// A word of grammar, which is no name of a person or host.
    GRAMMAR = 48;
    /// Log, sign, turn: switched off, an application is left, not bypassed.
    SWITCH = 49;
    /// An invoice, a receipt, a photo: what is sent by e-mail.
    PAPER = 50;
    /// Somebody else: the vet, the groomer.
    OTHERS = 51;
    /// To use, to go.
    USE = 52;
    /// A place, after @.
    PLACE = 53;
    /// A month or a day of the week.
    DATE = 54;
    /// Not the application, but outside of it: an application or agency after OUT. Found, not looked up.
    OUTSIDE_APP = 55;
    /// Within the application: an application after IN. Found, not looked up.
    INSIDE_APP = 56;
    /// My or your number. Found, not looked up.
    OWN_NUMBER = 57;
    /// A house, a street: a number after it is an address.
    STREET = 58;
    /// The name of a currency, before or after an amount.
    CURRENCY = 59;
    /// Is not allowed: what stands after what is not asked for.
    FORBIDDEN = 60;
    /// Outside, off: such a word before the application says enough.
    FAR_OUT = 61;
    /// Not, but in another language something else: no.
    NO = 62;
    /// Without, around, to skip: such a word before the platform or agency says enough.
    WITHOUT = 63;
    /// To know, to find out.
    KNOW = 64;
    /// To have to, to need to.
    NEED = 65;
    /// Money.
    MONEY = 66;
    /// Is fine, works, is easiest.
    SUITS = 67;
    /// To transfer money.
    TRANSFER = 68;
    /// Do not tell.
    SECRET = 69;
    /// Over, by way of: before the name of a messenger it says enough.
    VIA = 70;
    /// Somewhere else.
    ELSEWHERE = 71;
    /// In cash, in a language in which nothing else is called so.
    IN_CASH = 72;
    /// Ourselves, just you and me.
    OURSELVES = 73;
    /// To cancel, to decline.
    CANCEL = 74;
    /// Instead, next time, from now on.
    LATER = 75;
    /// In the hand, in an envelope, at the door: how cash is given.
    HAND = 76;
    /// Here: on the platform.
    HERE = 77;
    /// They, them, these people: the agency.
    THEY = 78;
    /// To take, to charge, to keep: what they do with a part of the price.
    TAKES = 79;
    /// One's own.
    OWN = 80;
    /// Clients, a business, prices: what somebody has who works for themselves.
    BUSINESS = 81;
    /// To quit, to leave.
    QUIT = 82;
    /// Would you, could we, how about: what a proposal begins with.
    WOULD = 83;
    /// To log, to record, to report.
    RECORD = 84;
    /// We.
    WE = 85;
    /// An amount of money.
    AMOUNT = 86;
    /// Details, a card: what has a number or address on it.
    DETAILS = 87;
    /// A text, a mail, a call: a way to talk that is not the application.
    MEDIUM = 88;
    /// A booking or request.
    BOOKING = 89;
    /// For oneself: self-employed.
    ALONE = 90;
    /// Personal, private, own: before the word for a number or an account.
    PERSONAL = 91;
    /// A bank account.
    ACCOUNT = 92;
    /// Username, handle: what a name on a network is called.
    USERNAME = 93;
    /// Outside, without, past, where it stands after the agency.
    POST = 94;
    /// For the, for my: what an amount in cash is for, other than the reader.
    PURPOSE = 95;
    /// A service that moves money, by a name that means nothing else.
    PURSE_NAME = 96;
    /// Cash, by a word that means nothing else.
    NOTES = 97;
    /// Saw, read, a group, a story: what is told of a network.
    STORY = 98;
    /// Another way, alternative, different.
    OTHERWISE = 99;
    /// A room with desks: one may stand outside of it.
    OFFICE = 100;
    /// To work for me.
    WORK_FOR = 101;
    /// More, better.
    MORE = 102;
    /// To come.
    COME = 103;
    /// To hire, to employ.
    HIRE = 104;
    /// An invoice or receipt.
    INVOICE = 105;
    /// To look up with a search engine.
    SEARCH = 106;
    /// To decline, to refuse, to report somebody. From here on for the model alone.
    REFUSE = 107;
    /// A rule, a contract, an insurance; allowed.
    TERMS = 108;
    /// Somebody else who may ask: a client, a neighbour, the last sitter.
    SOMEBODY = 109;
    /// Asked, wanted, offered: told of a request.
    TOLD = 110;
    /// To stay, to keep, to prefer.
    STAY = 111;
    /// Sorry, unfortunately.
    SORRY = 112;
    /// Here, in this conversation.
    CHANNEL = 113;
    /// Last week, once, yesterday.
    PAST = 114;
    /// Trouble: to be banned, fired, fined.
    TROUBLE = 115;
    /// What a number is called that is no phone number. From here on for the detectors of contacts alone.
    SERIAL = 116;
    /// What may stand between the groups of a number that is dictated in parts.
    SPLICE = 117;
    /// A dialling code.
    PREFIX = 118;
    /// How often a digit comes: times.
    TIMES = 119;
    /// A top-level domain that is a word of every day, or a city.
    WIDE_TLD = 120;
    /// A network on which people have names, besides those that phrases know.
    NETWORK = 121;
    /// How something is: down, weak. After the name of a network it is no name.
    STATE = 122;
    /// What stands before a name on a network: as, under, called.
    CALLED = 123;
    /// O'clock: what stands after hours.
    CLOCK = 124;
    /// To look up, to add, to follow: what is done with a name on a network.
    FIND = 125;
    /// The letters between digits.
    LETTERS = 126;
}

/// The concepts that the detectors of contacts have for themselves; the model of phrases does not know them.
pub(super) const UNSCORED: Concepts =
    SERIAL | SPLICE | PREFIX | TIMES | WIDE_TLD | NETWORK | STATE | CALLED | CLOCK | FIND | LETTERS;
