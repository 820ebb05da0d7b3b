//! Which concepts close to each other are a hit.

use crate::rules::poaching::{Kind, concept::*};

/// Concepts that are a hit together.
pub(super) struct Rule {
    pub(super) kind: Kind,
    /// Each of these sets has a word,
    pub(super) all: &'static [Concepts],
    /// (all of them together)
    pub(super) any: Concepts,
    /// the first and the last of which are no farther apart.
    pub(super) within: usize,
    /// The words stand in this order.
    pub(super) ordered: bool,
    /// It is none in the application, about somebody else, about an invoice.
    pub(super) inside: bool,
    pub(super) others: bool,
    pub(super) paper: bool,
    /// It is none beside any of these in its sentence.
    pub(super) unless: Concepts,
    /// It is one only in a text that has no other hit.
    pub(super) weak: bool,
    /// It is one after "not", too.
    pub(super) negated: bool,
}

const fn rule(kind: Kind, within: usize, all: &'static [Concepts]) -> Rule {
    let (mut any, mut at) = (0, 0);
    while at < all.len() {
        any |= all[at];
        at += 1;
    }
    Rule {
        kind,
        all,
        any,
        within,
        ordered: false,
        inside: true,
        others: false,
        paper: false,
        unless: 0,
        weak: false,
        negated: false,
    }
}

impl Rule {
    const fn in_order(self) -> Rule {
        Rule { ordered: true, ..self }
    }

    const fn even_inside(self) -> Rule {
        Rule { inside: false, ..self }
    }

    const fn even_negated(self) -> Rule {
        Rule { negated: true, ..self }
    }

    const fn not_about_others(self) -> Rule {
        Rule { others: true, ..self }
    }

    /// Whether it is one whatever else the text says.
    pub(super) const fn is_firm(&self) -> bool {
        self.unless == 0 && !self.weak
    }

    const fn weak(self) -> Rule {
        Rule { weak: true, ..self }
    }

    const fn unless(self, unless: Concepts) -> Rule {
        Rule { unless, ..self }
    }

    const fn not_about_paper(self) -> Rule {
        Rule { paper: true, ..self }
    }
}

const MOVE_: Kind = Kind::MoveElsewhere;
const PAY_: Kind = Kind::PayElsewhere;
const BOTH: Concepts = ME | YOU;

/// A question that is nothing but the name of a messenger, or of a service that moves money.
pub(super) static ASKED_CHAT: Rule = rule(MOVE_, 0, &[CHAT]);
pub(super) static ASKED_PURSE: Rule = rule(PAY_, 0, &[PURSE]);

/// What some rule is none beside.
pub(super) const UNLESS: Concepts =
    VAGUE | REFERENCE | NOT | NO | APP | AGENCY | NO_NEED | PURPOSE | PAPER | FORBIDDEN | STORY;

pub(super) const RULES: &[Rule] = &[
    // Contact me directly; let us talk privately.
    rule(MOVE_, 4, &[CONTACT | TALK, ME, DIRECT | PRIVATELY]),
    rule(MOVE_, 3, &[CONTACT | TALK | BOOK | SERVE | MOVE, PRIVATELY]),
    // Book me directly; I work for you directly.
    rule(MOVE_, 6, &[BOOK, DIRECT, BOTH | WE]).not_about_others(),
    rule(MOVE_, 1, &[BOOK, DIRECT]).not_about_others(),
    // Let us do this off the app; bypass the platform.
    rule(MOVE_, 7, &[BOOK | CONTACT | TALK | MOVE | ADD | GIVE, OUTSIDE_APP]).even_inside(),
    rule(MOVE_, 7, &[AGENCY, KNOW, NOT | NO | WITHOUT, NEED | WITHOUT]).even_inside().even_negated(),
    rule(MOVE_, 6, &[PRIVATELY, I, YOU]),
    rule(MOVE_, 6, &[SECRET, AGENCY]).even_inside(),
    rule(MOVE_, 0, &[MOVE_PHRASE]).even_inside(),
    rule(MOVE_, 4, &[BOOK | CONTACT | TALK, ELSEWHERE]),
    rule(MOVE_, 7, &[SIDE, BOOK | SERVE | MOVE]),
    rule(MOVE_, 6, &[NO_NEED, USE, APP | AGENCY]).even_inside(),
    rule(MOVE_, 3, &[NO_NEED, APP | AGENCY]).even_inside().in_order(),
    // Text me on WhatsApp; do you have Telegram?
    rule(MOVE_, 6, &[CHAT, ON, CONTACT | TALK | MOVE | ADD | GIVE]),
    rule(MOVE_, 5, &[CHAT, CONTACT | ADD | MOVE | TALK, ME]),
    rule(MOVE_, 1, &[VIA, CHAT]).in_order(),
    rule(MOVE_, 3, &[CHAT, SUITS]),
    rule(MOVE_, 1, &[CHAT, ME]).in_order(),
    rule(MOVE_, 2, &[HAVE, CHAT]),
    rule(MOVE_, 3, &[YOU | YOUR, CHAT]),
    rule(MOVE_, 5, &[SOCIAL, ADD | CONTACT | TALK | MOVE, BOTH]),
    rule(MOVE_, 4, &[GIVE, YOUR, CHAT | SOCIAL | VAGUE]),
    rule(Kind::Handle, 1, &[MY, CHAT]).in_order(),
    rule(Kind::Handle, 5, &[MY, SOCIAL, NAMED | ADD | CONTACT | GIVE]).unless(STORY),
    // Give me your number; call my cell; email me.
    rule(MOVE_, 4, &[GIVE, OWN_NUMBER]).not_about_others(),
    rule(MOVE_, 4, &[CONTACT, MY, NUMBER]).in_order(),
    rule(MOVE_, 1, &[EMAIL, ME]).in_order().not_about_paper(),
    rule(MOVE_, 4, &[CONTACT | GIVE, ME, EMAIL]).in_order().not_about_paper(),
    rule(MOVE_, 6, &[GIVE, MY | YOUR, EMAIL]).in_order().not_about_paper(),
    // Pay me directly, in cash, outside the app, without the fee, by Venmo.
    rule(PAY_, 5, &[PAY, DIRECT | PRIVATELY, BOTH]).not_about_others(),
    rule(PAY_, 1, &[PAY, DIRECT]).not_about_others(),
    rule(PAY_, 3, &[PAY, PRIVATELY]),
    rule(PAY_, 5, &[PAY, CASH, BOTH]).not_about_others(),
    rule(PAY_, 2, &[PAY, CASH]).not_about_others(),
    rule(PAY_, 6, &[GIVE, CASH, BOTH]).not_about_others(),
    rule(PAY_, 3, &[ACCEPT, CASH]).not_about_others(),
    rule(PAY_, 4, &[CASH, YOU]).not_about_others(),
    rule(PAY_, 5, &[GIVE, MONEY, DIRECT]),
    rule(PAY_, 4, &[YOU, PAY, ME]).not_about_others(),
    rule(PAY_, 7, &[PAY, OUTSIDE_APP]).even_inside(),
    rule(PAY_, 5, &[PAY, SIDE]),
    rule(PAY_, 3, &[SAVE, FEE]).even_inside(),
    rule(PAY_, 6, &[CHEAP, DIRECT | PRIVATELY | OUTSIDE_APP | CASH]),
    rule(PAY_, 0, &[PAY_PHRASE]).not_about_others(),
    rule(PAY_, 5, &[PURSE, GIVE | ACCEPT | HAVE | CONTACT, BOTH | I]),
    rule(PAY_, 6, &[PURSE, MY | YOUR, GIVE | NAMED | ADD]),
    rule(PAY_, 3, &[PURSE, PAY]),
    rule(PAY_, 2, &[ACCEPT | HAVE, PURSE]).unless(APP),
    rule(PAY_, 4, &[PURSE, BOTH]),
    rule(PAY_, 4, &[PURSE, MONEY]),
    rule(PAY_, 4, &[PURSE | CASH, SUITS]).not_about_others(),
    rule(PAY_, 0, &[IN_CASH]).not_about_others(),
    rule(PAY_, 5, &[SIDE, CHEAP | SUITS]),
    rule(PAY_, 6, &[GIVE, MONEY, ELSEWHERE]),
    rule(PAY_, 3, &[PURSE, CASH]),
    rule(PAY_, 4, &[PAY, ELSEWHERE]),
    rule(PAY_, 5, &[TRANSFER, BOTH, MONEY]),
    rule(PAY_, 2, &[TRANSFER, ME]).in_order(),
    // Would you walk him for me privately? Could we arrange it directly in future?
    rule(MOVE_, 9, &[WOULD | LATER, DIRECT, BOOK | TALK | SERVE | CONTACT]).not_about_others(),
    rule(MOVE_, 8, &[PRIVATELY, BOOK | TALK | SERVE | MOVE | CONTACT, BOTH | WOULD]).not_about_others(),
    rule(PAY_, 8, &[DIRECT, BUSINESS, BOTH | I]).not_about_others(),
    rule(PAY_, 8, &[CHEAP | FEE, DIRECT, BOTH | I]).not_about_others(),
    // Let us do it on our own; cancel here, and we arrange it ourselves.
    rule(MOVE_, 7, &[OURSELVES, BOOK | TALK | MOVE]).not_about_others(),
    rule(MOVE_, 9, &[OURSELVES, WOULD, BOOK | TALK | MOVE]).not_about_others(),
    rule(MOVE_, 14, &[CANCEL, OURSELVES | DIRECT | PRIVATELY | CHAT]).even_inside(),
    rule(MOVE_, 12, &[CANCEL, HERE | APP | AGENCY | BOOKING, BOOK | CONTACT | TALK | SERVE | MOVE, ME | WE])
        .in_order()
        .even_inside(),
    rule(PAY_, 14, &[CANCEL, HERE | APP | AGENCY | BOOKING, CASH | MONEY | PURSE]).even_inside(),
    // Not through here; no website involved; you do not need them to find me.
    rule(MOVE_, 5, &[OUT, HERE | THEY, BOOK | TALK | CONTACT]).even_inside(),
    rule(MOVE_, 6, &[WOULD, BOOK | MOVE, WITHOUT, THEY]).even_inside(),
    rule(MOVE_, 4, &[NOT | NO, APP | AGENCY, KNOW]).even_inside().even_negated(),
    rule(MOVE_, 7, &[NO_NEED, THEY, CONTACT | BOOK | SERVE]).even_inside(),
    rule(PAY_, 9, &[PAY, NOT, IN, HERE]).even_inside().even_negated(),
    rule(MOVE_, 3, &[WITHOUT, VIA, THEY]).in_order().even_inside(),
    rule(MOVE_, 5, &[WITHOUT, THEY, BOOK | MOVE | WOULD]).even_inside(),
    rule(MOVE_, 8, &[NOT, NEED, VIA, THEY | AGENCY | APP]).in_order().even_inside().even_negated(),
    rule(MOVE_, 8, &[NO_NEED, KNOW, AGENCY | THEY]).even_inside(),
    rule(MOVE_, 2, &[AGENCY | APP | THEY, POST]).in_order().even_inside(),
    rule(MOVE_, 4, &[NOT, VIA, HERE | APP | AGENCY | THEY]).in_order().even_inside().even_negated(),
    // I have my own business; I am leaving the agency.
    rule(MOVE_, 5, &[OWN, BUSINESS | AGENCY, I | MY]),
    rule(MOVE_, 1, &[PERSONAL | PRIVATELY, BOOK | BUSINESS]).in_order(),
    rule(MOVE_, 6, &[ALONE, SERVE | BOOK | BUSINESS | MOVE | CHEAP]),
    rule(MOVE_, 3, &[QUIT, AGENCY]).in_order(),
    // Here is my card with my details; can I have your contact?
    rule(MOVE_, 5, &[GIVE, DETAILS, MY | YOUR]).not_about_others().not_about_paper(),
    rule(MOVE_, 5, &[GIVE | HAVE | WOULD, PERSONAL, NUMBER | EMAIL | DETAILS]).not_about_others(),
    rule(MOVE_, 6, &[GIVE, WOULD | I | ME, NUMBER, YOUR]).not_about_others(),
    rule(MOVE_, 4, &[MOVE, ON, MEDIUM]).in_order(),
    // Are you on Instagram? My username there is.
    rule(Kind::Handle, 5, &[USERNAME, VAGUE | SOCIAL | CHAT | ADD]),
    rule(Kind::Handle, 2, &[MY, USERNAME, NAMED]).in_order(),
    rule(MOVE_, 3, &[YOU, ON, SOCIAL]).in_order(),
    rule(MOVE_, 2, &[HAVE, SOCIAL]),
    rule(MOVE_, 4, &[WOULD, CHAT, TALK | CONTACT | MOVE | ADD]),
    rule(MOVE_, 4, &[CHAT, TALK | CONTACT | MOVE]),
    // Could we do cash next week? Eighty quid in an envelope.
    rule(PAY_, 4, &[WOULD | LATER, MOVE | ACCEPT, CASH]).not_about_others(),
    rule(PAY_, 8, &[CASH, FEE | TAKES, AGENCY | THEY | HERE | APP]).not_about_others(),
    rule(PAY_, 6, &[MONEY | AMOUNT | CURRENCY | CASH, HAND]).not_about_others(),
    rule(PAY_, 8, &[PAY | MONEY, HAND, BOTH]).not_about_others(),
    rule(PAY_, 9, &[CASH, CHEAP | LATER | NO_NEED]).not_about_others(),
    rule(PAY_, 9, &[MONEY | AMOUNT | CURRENCY, NO_NEED, RECORD]).even_inside(),
    rule(PAY_, 5, &[GIVE, AMOUNT, YOU | ME]).not_about_others(),
    // What means nothing else is enough, unless it is about somebody else.
    rule(PAY_, 0, &[NOTES]).not_about_others().unless(APP | AGENCY | STORY | PURPOSE | PAPER | FORBIDDEN).weak(),
    rule(PAY_, 0, &[PURSE_NAME]).not_about_others().unless(APP | AGENCY | PAPER | FORBIDDEN | STORY).weak(),
    rule(MOVE_, 0, &[CHAT]).not_about_others().unless(NO_NEED | APP | AGENCY | FORBIDDEN | STORY | VAGUE).weak(),
    rule(MOVE_, 2, &[YOUR | GIVE | ADD, SOCIAL]).in_order().unless(STORY | FORBIDDEN).weak(),
    rule(MOVE_, 2, &[SOCIAL, YOU | ME]).unless(STORY | FORBIDDEN).weak(),
    // Come and work for me; my rate is 22 through them, and 15 if it is just us.
    rule(MOVE_, 9, &[WORK_FOR, WOULD | QUIT | AGENCY | I]).even_inside().unless(NOT),
    rule(PAY_, 10, &[OURSELVES, CHEAP | BUSINESS | PAY]).not_about_others(),
    rule(PAY_, 4, &[CHEAP, PAY]).unless(NOT | APP | AGENCY),
    // We do not need the agency; forget the booking, and give me twenty.
    rule(MOVE_, 5, &[NOT, NEED, AGENCY | APP]).even_inside().even_negated().not_about_paper(),
    rule(PAY_, 14, &[CANCEL | NO_NEED, APP | HERE | ACCOUNT | BOOKING | AGENCY, GIVE, AMOUNT | CHEAP | MONEY])
        .even_inside(),
    rule(PAY_, 14, &[NO_NEED, BOOKING, GIVE, ME]).in_order().even_inside(),
    rule(MOVE_, 6, &[OUTSIDE_APP, SERVE | WOULD | BOOKING | YOU | PAY | CHEAP]).even_inside(),
    // Is there another way to reach you?
    rule(MOVE_, 6, &[OTHERWISE, CONTACT, YOU | ME]).not_about_others(),
    rule(MOVE_, 7, &[CONTACT, PERSONAL, NUMBER | EMAIL | YOU]).not_about_others().not_about_paper(),
    rule(MOVE_, 3, &[PERSONAL, NUMBER | EMAIL])
        .not_about_others()
        .unless(NOT | STORY | APP | AGENCY | REFERENCE)
        .weak(),
    rule(MOVE_, 7, &[HAVE, NUMBER, CONTACT]).not_about_others(),
    // My number is on the whiteboard; I would pay you more than they do; come straight to us; quit, and I hire you.
    rule(MOVE_, 0, &[OWN_NUMBER]).not_about_others().unless(APP | AGENCY | STORY | REFERENCE).weak(),
    rule(PAY_, 10, &[PAY, MORE, YOU, THEY | AGENCY | ALONE]).even_inside(),
    rule(MOVE_, 6, &[NO_NEED, PAY, THEY | AGENCY]).even_inside(),
    rule(MOVE_, 5, &[COME, DIRECT, ME]).not_about_others(),
    rule(MOVE_, 9, &[QUIT, THEY | AGENCY | APP | HERE, BOOK | WORK_FOR]).even_inside(),
    rule(MOVE_, 9, &[QUIT, WORK_FOR]).even_inside(),
    rule(MOVE_, 4, &[HIRE, YOU]).unless(APP | AGENCY).weak(),
    rule(MOVE_, 4, &[TALK | CONTACT, ELSEWHERE]),
    rule(PAY_, 2, &[WITHOUT, INVOICE]).in_order().unless(NOT),
    rule(MOVE_, 2, &[BUSINESS, PRIVATELY]),
    rule(MOVE_, 3, &[CONTACT, YOU, DIRECT]).in_order().not_about_others(),
    rule(MOVE_, 4, &[ADD | CONTACT, MY, SOCIAL]).in_order(),
    rule(MOVE_, 8, &[SEARCH, ME | MY]),
    rule(MOVE_, 5, &[CONTACT | TALK, ON, EMAIL])
        .in_order()
        .not_about_others()
        .not_about_paper()
        .unless(APP | AGENCY)
        .weak(),
    rule(PAY_, 12, &[HAND, NO_NEED, RECORD]).even_inside(),
    // By transfer to you personally; straight into your account.
    rule(PAY_, 7, &[PAY | TRANSFER | MONEY, ACCOUNT, MY | YOUR | PERSONAL]).not_about_others().not_about_paper(),
    rule(PAY_, 7, &[PAY | TRANSFER, PERSONAL, YOU | ME]).not_about_others(),
    rule(PAY_, 5, &[GIVE | WOULD, PURSE, YOUR | BOTH]),
    rule(PAY_, 4, &[PURSE, LATER | WOULD]),
    // Without the fee it would be cheaper; they take twenty percent, so pay me directly.
    rule(PAY_, 8, &[WITHOUT | SAVE, FEE, CHEAP | BOTH | WE]).even_inside(),
    rule(PAY_, 12, &[TAKES, AGENCY | THEY | APP | HERE, DIRECT | PRIVATELY | OURSELVES]).even_inside(),
];
