//! Who is connected, as the events and the lists of NATS's servers say.

use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A connection: the server, and the number that the server gives to no other.
pub(super) type Place = (String, u64);

/// Something that a server has said about one connection.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Connected(Place, Uuid),
    Disconnected(Place),
}

/// The connections of every user.
#[derive(Debug, Default)]
pub(super) struct Roster {
    places: HashMap<Place, Uuid>,
    sockets: HashMap<Uuid, usize>,
    /// Connections whose end was heard of before their beginning: the two come by ways of their own.
    ended: HashSet<Place>,
    /// Servers that the last list was missing.
    silent: HashSet<String>,
    /// Users about whom something has changed since the last [`Roster::changes`].
    touched: HashSet<Uuid>,
    /// Who was online when that was last said.
    said: HashSet<Uuid>,
}

impl Roster {
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Connected(place, user) => {
                if !self.ended.remove(&place) {
                    self.add(place, user);
                }
            }
            Change::Disconnected(place) => {
                if !self.remove(&place) {
                    self.ended.insert(place);
                }
            }
        }
    }

    /// Replaces what is known by whole lists of the servers that have answered, and then by what was heard `since` they
    /// were asked. A server that does not answer twice in a row is gone with its connections; whether one is silent now.
    pub(super) fn replace(&mut self, lists: HashMap<String, HashMap<u64, Uuid>>, since: Vec<Change>) -> bool {
        let gone: Vec<Place> = self
            .places
            .keys()
            .filter(|(server, number)| match lists.get(server) {
                Some(list) => !list.contains_key(number),
                None => self.silent.contains(server),
            })
            .cloned()
            .collect();
        for place in &gone {
            self.remove(place);
        }
        self.silent = self
            .places
            .keys()
            .map(|(server, _)| server)
            .filter(|server| !lists.contains_key(*server))
            .cloned()
            .collect();
        self.ended.clear();
        for (server, list) in lists {
            for (number, user) in list {
                self.add((server.clone(), number), user);
            }
        }
        since.into_iter().for_each(|change| self.apply(change));
        !self.silent.is_empty()
    }

    /// Nobody is connected: NATS itself cannot be reached.
    pub(super) fn clear(&mut self) {
        self.touched.extend(self.sockets.keys());
        self.places.clear();
        self.sockets.clear();
        self.ended.clear();
        self.silent.clear();
    }

    /// Who has come online and who has gone offline since this was last asked.
    pub(super) fn changes(&mut self) -> (Vec<Uuid>, Vec<Uuid>) {
        let (mut online, mut offline) = (Vec::new(), Vec::new());
        for user in self.touched.drain() {
            let is_online = self.sockets.contains_key(&user);
            if is_online && self.said.insert(user) {
                online.push(user);
            } else if !is_online && self.said.remove(&user) {
                offline.push(user);
            }
        }
        (online, offline)
    }

    /// Everybody who is online.
    pub(super) fn everybody(&mut self) -> Vec<Uuid> {
        self.touched.clear();
        self.said = self.sockets.keys().copied().collect();
        self.said.iter().copied().collect()
    }

    fn add(&mut self, place: Place, user: Uuid) {
        if self.places.insert(place, user).is_none() {
            *self.sockets.entry(user).or_default() += 1;
            self.touched.insert(user);
        }
    }

    fn remove(&mut self, place: &Place) -> bool {
        let Some(user) = self.places.remove(place) else { return false };
        self.touched.insert(user);
        if let Some(sockets) = self.sockets.get_mut(&user) {
            *sockets -= 1;
            if *sockets == 0 {
                self.sockets.remove(&user);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Uuid = Uuid::from_u128(1);
    const BEN: Uuid = Uuid::from_u128(2);

    fn place(server: &str, number: u64) -> Place {
        (server.to_owned(), number)
    }

    fn connected(number: u64, user: Uuid) -> Change {
        Change::Connected(place("s", number), user)
    }

    fn disconnected(number: u64) -> Change {
        Change::Disconnected(place("s", number))
    }

    fn list(server: &str, connections: &[(u64, Uuid)]) -> HashMap<String, HashMap<u64, Uuid>> {
        HashMap::from([(server.to_owned(), connections.iter().copied().collect())])
    }

    fn sorted((mut online, mut offline): (Vec<Uuid>, Vec<Uuid>)) -> (Vec<Uuid>, Vec<Uuid>) {
        online.sort();
        offline.sort();
        (online, offline)
    }

    #[test]
    fn a_user_with_two_sockets_goes_offline_with_the_last() {
        let mut roster = Roster::default();
        roster.apply(connected(1, ANNA));
        roster.apply(connected(2, ANNA));
        assert_eq!(roster.changes(), (vec![ANNA], vec![]));
        roster.apply(disconnected(1));
        assert_eq!(roster.changes(), (vec![], vec![]));
        roster.apply(disconnected(2));
        assert_eq!(roster.changes(), (vec![], vec![ANNA]));
    }

    #[test]
    fn who_comes_and_goes_between_two_looks_is_not_mentioned() {
        let mut roster = Roster::default();
        roster.apply(connected(1, ANNA));
        roster.apply(disconnected(1));
        assert_eq!(roster.changes(), (vec![], vec![]));
    }

    #[test]
    fn an_end_that_is_heard_before_its_beginning_is_an_end() {
        let mut roster = Roster::default();
        roster.apply(disconnected(1));
        roster.apply(connected(1, ANNA));
        assert_eq!(roster.changes(), (vec![], vec![]));
        roster.apply(connected(1, ANNA));
        assert_eq!(roster.changes(), (vec![ANNA], vec![]), "said once, an end is used up");
    }

    #[test]
    fn a_list_replaces_what_was_missed_and_what_came_since_stands() {
        let mut roster = Roster::default();
        roster.apply(connected(1, ANNA));
        roster.changes();
        let since = vec![connected(3, ANNA), disconnected(2)];
        assert!(!roster.replace(list("s", &[(2, BEN)]), since));
        assert_eq!(roster.changes(), (vec![], vec![]), "Anna has another socket, Ben's has closed since");
        roster.replace(list("s", &[(4, BEN)]), Vec::new());
        assert_eq!(sorted(roster.changes()), (vec![BEN], vec![ANNA]));
        assert_eq!(roster.everybody(), [BEN]);
    }

    #[test]
    fn a_server_is_gone_when_it_is_silent_twice() {
        let mut roster = Roster::default();
        roster.replace(list("s", &[(1, ANNA)]), Vec::new());
        roster.changes();
        assert!(roster.replace(list("t", &[(1, BEN)]), Vec::new()), "it may be late");
        assert_eq!(roster.changes(), (vec![BEN], vec![]));
        assert!(!roster.replace(list("t", &[(1, BEN)]), Vec::new()));
        assert_eq!(roster.changes(), (vec![], vec![ANNA]));
    }

    #[test]
    fn without_nats_nobody_is_online() {
        let mut roster = Roster::default();
        roster.replace(list("s", &[(1, ANNA), (2, BEN)]), Vec::new());
        roster.changes();
        roster.clear();
        assert_eq!(sorted(roster.changes()), (vec![], vec![ANNA, BEN]));
        assert!(roster.everybody().is_empty());
    }
}
