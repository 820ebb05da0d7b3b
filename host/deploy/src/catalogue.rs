//! What a database holds of ours: read from its catalogue, and compared with what the migrations make.

use crate::database::Scratch;
use crate::settings::Settings;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

const QUERY: &str = include_str!("catalogue.sql");

/// The names in `public` that somebody else has: the migrations leave out the views that they would make there.
const NAMES_OF_OTHERS: &str = "
  select pg_catalog.format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'public'
    and pg_catalog.obj_description(c.oid, 'pg_class') ~ '^Rolecall(:|$)' is not true";

/// Partitions of the table of messages; 0 while it is one table.
const MESSAGE_PARTITIONS: &str = "
  select count(*)::int from pg_catalog.pg_inherits where inhparent = to_regclass('rolecall.messages')";

/// The objects, each with what is to be compared of it.
#[derive(Debug, Default)]
pub struct Catalogue {
    objects: BTreeMap<String, String>,
    names_of_others: BTreeSet<String>,
}

impl Catalogue {
    /// That of a database.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn of(client: &Client) -> Result<Catalogue> {
        client.batch_execute("set search_path = pg_catalog, pg_temp").await?;
        let rows = client.query(QUERY, &[]).await.context("reading the catalogue")?;
        let objects = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let names = client.query(NAMES_OF_OTHERS, &[]).await?;
        client.batch_execute("reset search_path").await?;
        Ok(Catalogue { objects, names_of_others: names.iter().map(|row| row.get(0)).collect() })
    }

    /// That of a database that has the migrations up to `version` and nothing else: made for the purpose on a server, and
    /// dropped again. `live` says how often the table of messages is partitioned, which is a setting.
    ///
    /// # Errors
    /// The database cannot be made or migrated.
    pub async fn expected(settings: &Settings, version: i32, live: &Client) -> Result<Catalogue> {
        let partitions: i32 = live.query_one(MESSAGE_PARTITIONS, &[]).await?.get(0);
        let scratch = Scratch::make(settings, "expected").await?;
        let read = async {
            let url = scratch.address.to_url();
            rolecall_database::apply(&url).await.context("applying the migrations to an empty database")?;
            rolecall_database::rollback(&url, version).await?;
            let client = rolecall_database::connect_to(&scratch.address).await?;
            if partitions > 0 {
                client.execute("select rolecall_internal.partition_messages($1)", &[&partitions]).await?;
            }
            Catalogue::of(&client).await
        };
        let catalogue = read.await;
        scratch.drop().await?;
        catalogue
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// What is missing, different or too much here, a line each.
    pub fn differences(&self, expected: &Catalogue) -> Vec<String> {
        let mut differences = Vec::new();
        for (object, wanted) in &expected.objects {
            match self.objects.get(object) {
                Some(found) if found == wanted => {}
                Some(found) if is_digest(wanted) => {
                    let _ = found;
                    differences.push(format!("{object} is another than the migrations make"));
                }
                Some(found) => differences.push(format!("{object}: found {found:?}, expected {wanted:?}")),
                None if self.is_left_out(object) => {}
                None => differences.push(format!("{object} is missing")),
            }
        }
        let unknown = self.objects.iter().filter(|(object, _)| !expected.objects.contains_key(*object));
        differences.extend(unknown.map(|(object, _)| format!("{object} is not made by the migrations")));
        differences
    }

    /// Whether an object belongs to a view of ours in `public` whose name is somebody else's here.
    fn is_left_out(&self, object: &str) -> bool {
        self.names_of_others.iter().any(|name| {
            object
                .split(' ')
                .any(|word| word == name || word.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('.')))
        })
    }
}

/// A digest says nothing to a person.
fn is_digest(text: &str) -> bool {
    text.split([' ', '|'])
        .filter(|word| !word.is_empty())
        .any(|word| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(objects: &[(&str, &str)], others: &[&str]) -> Catalogue {
        Catalogue {
            objects: objects.iter().map(|(object, says)| (object.to_string(), says.to_string())).collect(),
            names_of_others: others.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn what_is_missing_different_or_too_much_is_named() {
        let digest = "0123456789abcdef0123456789abcdef";
        let expected =
            catalogue(&[("table a", "row security on"), ("policy p on a", "x"), ("function f()", digest)], &[]);
        assert!(expected.differences(&expected).is_empty());
        let found = catalogue(
            &[("table a", "row security off"), ("function f()", &digest.replace('0', "1")), ("grant of all", "")],
            &[],
        );
        assert_eq!(
            found.differences(&expected),
            [
                "function f() is another than the migrations make",
                "policy p on a is missing",
                "table a: found \"row security off\", expected \"row security on\"",
                "grant of all is not made by the migrations",
            ]
        );
    }

    #[test]
    fn a_view_whose_name_is_taken_is_not_missed() {
        let objects = [
            ("view public.application_logs", ""),
            ("column public.application_logs.level", "text"),
            ("grant of select on relation public.application_logs to service_role", ""),
            ("view public.broadcast_quotas", ""),
        ];
        let found = catalogue(&[], &["public.application_logs"]);
        assert_eq!(found.differences(&catalogue(&objects, &[])), ["view public.broadcast_quotas is missing"]);
    }
}
