//! The app's tables as the catalogue has them, compared with the mapping before anything is changed.

use std::collections::BTreeMap;

use anyhow::Result;
use postgres_protocol::escape::{escape_identifier, escape_literal};
use tokio_postgres::Client;

use super::mapping::{Equal, Mapping, TableName};

/// A table of the app with its columns.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    columns: BTreeMap<String, Column>,
}

#[derive(Clone, Debug)]
struct Column {
    /// The type as SQL writes it.
    type_name: String,
    /// The name of the type, or of the type beneath a domain.
    base: String,
    /// Whether an index of all rows begins with it.
    leads_index: bool,
}

/// The app's tables, each where the mapping names it.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Of the users.
    pub profiles: Option<Table>,
    /// Of the requests for help.
    pub help_requests: Option<Table>,
    /// Of the conversations.
    pub conversations: Option<Table>,
    /// Of the participants.
    pub participants: Option<Table>,
    /// Of the messages.
    pub messages: Option<Table>,
}

/// What a column has to be.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    /// A uuid, or text that holds uuids.
    User,
    /// A uuid.
    Uuid,
    /// A uuid or a whole number.
    Key,
    /// Whatever can be printed.
    Text,
    /// A point in time.
    Time,
}

/// How a table is used.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    /// Triggers follow its rows.
    Followed,
    /// Views read it.
    Read,
}

impl Table {
    /// The table's name as SQL writes it.
    pub fn sql(&self) -> String {
        format!("{}.{}", escape_identifier(&self.name.schema), escape_identifier(&self.name.name))
    }

    /// A column as SQL writes it.
    pub fn column(&self, alias: &str, name: &str) -> String {
        format!("{alias}.{}", escape_identifier(name))
    }

    /// A column as a uuid; null where it holds no uuid.
    pub fn uuid(&self, alias: &str, name: &str) -> String {
        let column = self.column(alias, name);
        match self.base(name) {
            "uuid" => column,
            "int2" | "int4" | "int8" => format!("lpad(to_hex({column}::bigint), 32, '0')::uuid"),
            _ => format!("rolecall_internal.uuid_or_null({column}::text)"),
        }
    }

    /// A list of ids as text, cast so that an index on the column can be used.
    pub fn cast(&self, name: &str, suffix: &str) -> String {
        if self.base(name) == "uuid" { format!("::uuid{suffix}") } else { String::new() }
    }

    /// A column as a point in time; one without a time zone is in UTC.
    pub fn time(&self, alias: &str, name: &str) -> String {
        let column = self.column(alias, name);
        match self.base(name) {
            "timestamptz" => format!("{column}::timestamptz"),
            _ => format!("({column}::timestamp at time zone 'UTC')"),
        }
    }

    /// The condition that the row of `alias` counts.
    pub fn filter(&self, alias: &str, equal: &Equal, null: &[String]) -> String {
        let mut terms: Vec<String> = equal
            .iter()
            .map(|(name, values)| {
                let values: Vec<String> = values.texts().iter().map(|value| literal(value)).collect();
                format!("{}::text = any (array[{}]::text[])", self.column(alias, name), values.join(", "))
            })
            .collect();
        terms.extend(null.iter().map(|name| format!("{} is null", self.column(alias, name))));
        if terms.is_empty() { "true".to_owned() } else { format!("({})", terms.join(" and ")) }
    }

    /// Whether an index begins with the column, so that its rows are found without a full read.
    pub fn is_indexed(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|column| column.leads_index)
    }

    fn base(&self, name: &str) -> &str {
        self.columns.get(name).map_or("text", |column| &column.base)
    }
}

/// A text as SQL writes it.
pub fn literal(text: &str) -> String {
    escape_literal(text).trim_start().to_owned()
}

/// Looks at every table and column of the mapping.
///
/// # Errors
/// When the database does not answer. What does not fit is not an error but a list of sentences, the second result.
pub async fn inspect(client: &Client, mapping: &Mapping) -> Result<(Tables, Vec<String>)> {
    let mut look = Look { client, faults: Vec::new() };
    let mut tables = Tables::default();
    if let Some(map) = &mapping.profiles {
        let section = "profiles";
        if let Some(table) = look.table(section, &map.table, Use::Followed).await? {
            look.column(section, "id", &table, &map.id, Need::User);
            look.indexed(section, &table, &map.id);
            look.column(section, "name", &table, &map.name, Need::Text);
            look.filter(section, &table, &map.equal, &map.null);
            if let Some(role) = &map.role {
                if look.column(section, "role", &table, role, Need::Text) {
                    look.closed_to_users(&table, role).await?;
                }
                look.roles(map.roles.values()).await?;
            }
            tables.profiles = Some(table);
        }
    }
    if let Some(map) = &mapping.help_requests {
        let section = "help_requests";
        if let Some(table) = look.table(section, &map.table, Use::Followed).await? {
            look.column(section, "id", &table, &map.id, Need::User);
            look.indexed(section, &table, &map.id);
            look.column(section, "requester", &table, &map.requester, Need::User);
            look.column(section, "title", &table, &map.title, Need::Text);
            look.optional(section, "description", &table, map.description.as_deref(), Need::Text);
            look.column(section, "status", &table, &map.status, Need::Text);
            look.optional(section, "created_at", &table, map.created_at.as_deref(), Need::Time);
            look.filter(section, &table, &map.equal, &map.null);
            if mapping.conversations.as_ref().is_some_and(|conversations| conversations.help_request.is_some()) {
                look.column(section, "id", &table, &map.id, Need::Uuid);
                look.column(section, "requester", &table, &map.requester, Need::Uuid);
            }
            tables.help_requests = Some(table);
        }
    }
    if let Some(map) = &mapping.conversations {
        let section = "conversations";
        if let Some(table) = look.table(section, &map.table, Use::Read).await? {
            look.column(section, "id", &table, &map.id, Need::Uuid);
            let users = [
                ("help_request", &map.help_request),
                ("created_by", &map.created_by),
                ("requester", &map.requester),
                ("helper", &map.helper),
            ];
            for (key, name) in users {
                look.optional(section, key, &table, name.as_deref(), Need::Uuid);
            }
            look.optional(section, "status", &table, map.status.as_deref(), Need::Text);
            look.column(section, "created_at", &table, &map.created_at, Need::Time);
            look.optional(section, "updated_at", &table, map.updated_at.as_deref(), Need::Time);
            look.filter(section, &table, &map.equal, &map.null);
            tables.conversations = Some(table);
        }
    }
    if let Some(map) = &mapping.participants {
        let section = "participants";
        if let Some(table) = look.table(section, &map.table, Use::Read).await? {
            look.column(section, "conversation", &table, &map.conversation, Need::Uuid);
            look.column(section, "user", &table, &map.user, Need::Uuid);
            look.optional(section, "left_at", &table, map.left_at.as_deref(), Need::Text);
            look.filter(section, &table, &map.equal, &map.null);
            tables.participants = Some(table);
        }
    }
    if let Some(map) = &mapping.messages {
        let section = "messages";
        if let Some(table) = look.table(section, &map.table, Use::Read).await? {
            look.column(section, "id", &table, &map.id, Need::Key);
            look.column(section, "conversation", &table, &map.conversation, Need::Uuid);
            look.column(section, "sender", &table, &map.sender, Need::Uuid);
            look.column(section, "content", &table, &map.content, Need::Text);
            look.column(section, "created_at", &table, &map.created_at, Need::Time);
            look.filter(section, &table, &map.equal, &map.null);
            tables.messages = Some(table);
        }
    }
    look.faults.dedup();
    Ok((tables, look.faults))
}

struct Look<'a> {
    client: &'a Client,
    faults: Vec<String>,
}

impl Look<'_> {
    async fn table(&mut self, section: &str, text: &str, how: Use) -> Result<Option<Table>> {
        let Some(name) = TableName::parse(text) else {
            self.faults.push(format!("[{section}] table: {text:?} is not the name of a table; write schema.table"));
            return Ok(None);
        };
        if name.schema.starts_with("rolecall") || name.schema.starts_with("pg_") {
            self.faults.push(format!("[{section}] table: {name} is not a table of your app"));
            return Ok(None);
        }
        let found = self
            .client
            .query_opt(
                "select class.oid, class.relkind::text, has_schema_privilege(namespace.oid, 'usage'),
                   has_any_column_privilege(class.oid, 'select'), has_table_privilege(class.oid, 'trigger'),
                   row_security_active(class.oid), class.relispartition
                 from pg_catalog.pg_class as class
                 join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
                 where namespace.nspname = $1 and class.relname = $2 and class.relkind in ('r', 'p', 'v', 'm', 'f')",
                &[&name.schema, &name.name],
            )
            .await?;
        let Some(row) = found else {
            let others = self.others(&name.schema).await?;
            self.faults.push(format!("[{section}] table: there is no table {name}; {others}"));
            return Ok(None);
        };
        let (oid, kind): (u32, String) = (row.get(0), row.get(1));
        let faults_before = self.faults.len();
        let what = match kind.as_str() {
            "v" => "a view",
            "m" => "a materialized view",
            "f" => "a foreign table",
            _ => "",
        };
        if how == Use::Followed && !what.is_empty() {
            self.faults.push(format!(
                "[{section}] table: {name} is {what}, on which no trigger sees what is written; name the table behind it"
            ));
        }
        if how == Use::Followed && row.get::<_, bool>(6) {
            self.faults.push(format!("[{section}] table: {name} is one partition; name the whole table"));
        }
        if !row.get::<_, bool>(2) || !row.get::<_, bool>(3) {
            self.faults.push(format!("[{section}] table: this login may not read {name}; use the login that owns it"));
        } else if how == Use::Followed && !row.get::<_, bool>(4) {
            self.faults.push(format!(
                "[{section}] table: this login may make no trigger on {name}; use the login that owns it"
            ));
        } else if row.get(5) {
            self.faults.push(format!(
                "[{section}] table: row-level security hides rows of {name} from this login; use the login that owns it"
            ));
        }
        if self.faults.len() > faults_before {
            return Ok(None);
        }
        let rows = self
            .client
            .query(
                "select attname::text, format_type(atttypid, null),
                   (select base.typname::text
                    from pg_catalog.pg_type as type
                    join pg_catalog.pg_type as base on base.oid = coalesce(nullif(type.typbasetype, 0), type.oid)
                    where type.oid = atttypid),
                   exists (
                     select from pg_catalog.pg_index
                     where indrelid = attrelid and indisvalid and indpred is null and indkey[0] = attnum)
                 from pg_catalog.pg_attribute
                 where attrelid = $1 and attnum > 0 and not attisdropped",
                &[&oid],
            )
            .await?;
        let columns = rows
            .iter()
            .map(|row| (row.get(0), Column { type_name: row.get(1), base: row.get(2), leads_index: row.get(3) }));
        Ok(Some(Table { name, columns: columns.collect() }))
    }

    /// What there is instead, for a name that is wrong.
    async fn others(&self, schema: &str) -> Result<String> {
        let rows = self
            .client
            .query(
                "select relname::text from pg_catalog.pg_class
                 where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
                   and relkind in ('r', 'p', 'v') and not relispartition
                   and (obj_description(oid, 'pg_class') ~ '^Rolecall(:|$)') is not true
                 order by relname limit 30",
                &[&schema],
            )
            .await?;
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if names.is_empty() {
            return Ok(format!("the schema {schema} has no tables"));
        }
        Ok(format!("{schema} has {}", names.join(", ")))
    }

    fn optional(&mut self, section: &str, key: &str, table: &Table, name: Option<&str>, need: Need) {
        if let Some(name) = name {
            self.column(section, key, table, name, need);
        }
    }

    fn column(&mut self, section: &str, key: &str, table: &Table, name: &str, need: Need) -> bool {
        let Some(column) = table.columns.get(name) else {
            let names: Vec<&str> = table.columns.keys().map(String::as_str).collect();
            self.faults.push(format!(
                "[{section}] {key}: {} has no column {name}; it has {}",
                table.name,
                names.join(", ")
            ));
            return false;
        };
        let base = column.base.as_str();
        let (fits, wanted) = match need {
            Need::User => (matches!(base, "uuid" | "text" | "varchar" | "bpchar"), "a uuid, or text with uuids in it"),
            Need::Uuid => (base == "uuid", "a uuid"),
            Need::Key => (matches!(base, "uuid" | "int2" | "int4" | "int8"), "a uuid or a whole number"),
            Need::Time => (matches!(base, "timestamptz" | "timestamp" | "date"), "a timestamp"),
            Need::Text => (true, ""),
        };
        if !fits {
            self.faults.push(format!(
                "[{section}] {key}: {}.{name} is of type {}; Rolecall needs {wanted} here",
                table.name, column.type_name
            ));
        }
        fits
    }

    fn filter(&mut self, section: &str, table: &Table, equal: &Equal, null: &[String]) {
        for name in equal.keys() {
            self.column(section, "where", table, name, Need::Text);
        }
        for name in null {
            self.column(section, "where_null", table, name, Need::Text);
        }
    }

    fn indexed(&mut self, section: &str, table: &Table, name: &str) {
        if table.columns.contains_key(name) && !table.is_indexed(name) {
            self.faults.push(format!(
                "[{section}] id: {}.{name} has no index, so each write would read the whole table; make it the primary key",
                table.name
            ));
        }
    }

    /// Who may write the column of the role would be an admin at will, however row-level security limits the rows.
    async fn closed_to_users(&mut self, table: &Table, role: &str) -> Result<()> {
        let rows = self
            .client
            .query(
                "select rolname::text from pg_catalog.pg_roles
                 where rolname in ('anon', 'authenticated')
                   and (has_column_privilege(oid, $1::text::regclass, $2, 'insert')
                     or has_column_privilege(oid, $1::text::regclass, $2, 'update'))
                 order by 1",
                &[&table.sql(), &role],
            )
            .await?;
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if !names.is_empty() {
            self.faults.push(format!(
                "[profiles] role: {} may write {}.{role}, so users would choose their own role; revoke insert and update on \
                 the table and grant them the columns that they are to write",
                names.join(" and "),
                table.name
            ));
        }
        Ok(())
    }

    async fn roles(&mut self, words: impl Iterator<Item = &String>) -> Result<()> {
        let rows = self
            .client
            .query("select role::text from unnest(enum_range(null::rolecall.app_role)) as role", &[])
            .await?;
        let known: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        for word in words.filter(|word| !known.contains(word)) {
            self.faults.push(format!("[profiles.roles] there is no role {word:?}; there are {}", known.join(", ")));
        }
        Ok(())
    }
}
