//! Which concepts close to each other are a hit.

use crate::rules::poaching::{Kind, concept::*};

/// Concepts that are a hit together.
pub(super) struct Rule {
    pub(super) kind: Kind,
    /// Each of these sets has a word,
    pub(super) all: &'static [Concepts],
    /// the first and the last of which are no farther apart.
    pub(super) within: usize,
    /// The words stand in this order.
    pub(super) ordered: bool,
    /// It is none in the application, about somebody else, about an invoice.
    pub(super) inside: bool,
    pub(super) others: bool,
    pub(super) paper: bool,
    /// It is one after "not", too.
    pub(super) negated: bool,
}

const fn rule(kind: Kind, within: usize, all: &'static [Concepts]) -> Rule {
    Rule { kind, all, within, ordered: false, inside: true, others: false, paper: false, negated: false }
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

    const fn not_about_paper(self) -> Rule {
        Rule { paper: true, ..self }
    }
}

const MOVE_: Kind = Kind::MoveElsewhere;
const PAY_: Kind = Kind::PayElsewhere;
const BOTH: Concepts = ME | YOU;

pub(super) const RULES: &[Rule] = &[
    // Contact me directly; let us talk privately.
    rule(MOVE_, 4, &[CONTACT | TALK, ME, DIRECT | PRIVATELY]),
    rule(MOVE_, 3, &[CONTACT | TALK | BOOK | SERVE | MOVE, PRIVATELY]),
    // Book me directly; I work for you directly.
    rule(MOVE_, 5, &[BOOK, DIRECT, BOTH]).not_about_others(),
    // Let us do this off the app; bypass the platform.
    rule(MOVE_, 7, &[BOOK | CONTACT | TALK | MOVE | ADD | GIVE, OUTSIDE_APP]).even_inside(),
    rule(MOVE_, 7, &[AGENCY, KNOW, NOT | NO | WITHOUT, NEED | WITHOUT]).even_inside().even_negated(),
    rule(MOVE_, 6, &[PRIVATELY, I, YOU]),
    rule(MOVE_, 6, &[SECRET, AGENCY]).even_inside(),
    rule(MOVE_, 0, &[MOVE_PHRASE]).even_inside(),
    rule(MOVE_, 4, &[BOOK | CONTACT | TALK, ELSEWHERE]),
    rule(MOVE_, 5, &[SIDE, BOOK | SERVE]),
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
    rule(Kind::Handle, 5, &[MY, SOCIAL, NAMED | ADD | CONTACT | GIVE]),
    // Give me your number; call my cell; email me.
    rule(MOVE_, 4, &[GIVE, OWN_NUMBER]).not_about_others(),
    rule(MOVE_, 4, &[CONTACT, MY, NUMBER]).in_order(),
    rule(MOVE_, 1, &[EMAIL, ME]).in_order().not_about_paper(),
    rule(MOVE_, 4, &[CONTACT | GIVE, ME, EMAIL]).in_order().not_about_paper(),
    rule(MOVE_, 4, &[GIVE, MY | YOUR, EMAIL]).in_order().not_about_paper(),
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
    rule(PAY_, 4, &[SAVE, FEE]).even_inside(),
    rule(PAY_, 6, &[CHEAP, DIRECT | PRIVATELY | OUTSIDE_APP | CASH]),
    rule(PAY_, 0, &[PAY_PHRASE]),
    rule(PAY_, 5, &[PURSE, GIVE | ACCEPT | HAVE | CONTACT, BOTH | I]),
    rule(PAY_, 6, &[PURSE, MY | YOUR, GIVE | NAMED | ADD]),
    rule(PAY_, 3, &[PURSE, PAY]),
    rule(PAY_, 2, &[ACCEPT | HAVE, PURSE]),
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
];
