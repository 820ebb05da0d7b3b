//! People, shows and help requests, each with a fresh id.

use crate::{client::Call, stand::Stand, token};
use rolecall_shared::rules::matrix::Role;
use serde_json::{Value, json};
use uuid::Uuid;

/// Somebody with a profile and a token.
#[derive(Clone, Debug)]
pub struct User {
    /// The id.
    pub id: Uuid,
    /// An HS256 token that is valid for an hour.
    pub token: String,
}

impl User {
    /// Somebody without a profile.
    pub fn stranger() -> User {
        User::of(Uuid::new_v4())
    }

    fn of(id: Uuid) -> User {
        User { id, token: token::user(id) }
    }
}

impl Call {
    /// With this user's token.
    pub fn by(self, user: &User) -> Call {
        self.token(&user.token)
    }
}

/// Whether a show has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    /// In a week.
    InAWeek,
    /// It began a day ago.
    ADayAgo,
}

impl Stand {
    /// A user with this role.
    pub async fn user(&self, role: Role) -> User {
        let user = User::of(Uuid::new_v4());
        let sql = "insert into rolecall.profiles (id, display_name, role) values ($1, 'Somebody', $2::text::rolecall.app_role)";
        self.db.run(sql, &[&user.id, &role.as_str()]).await;
        user
    }

    /// A user of each role.
    pub async fn users<const N: usize>(&self, roles: [Role; N]) -> [User; N] {
        let users = roles.map(|_| User::of(Uuid::new_v4()));
        for (user, role) in users.iter().zip(roles) {
            let sql = "insert into rolecall.profiles (id, display_name, role) values ($1, 'Somebody', $2::text::rolecall.app_role)";
            self.db.run(sql, &[&user.id, &role.as_str()]).await;
        }
        users
    }

    /// So many users with this role.
    pub async fn many(&self, role: Role, number: usize) -> Vec<User> {
        let users: Vec<User> = (0..number).map(|_| User::of(Uuid::new_v4())).collect();
        let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let sql = "insert into rolecall.profiles (id, display_name, role)
            select id, 'Somebody', $2::text::rolecall.app_role from unnest($1::uuid[]) as id";
        self.db.run(sql, &[&ids, &role.as_str()]).await;
        users
    }

    /// An organisation.
    pub async fn organization(&self) -> Uuid {
        self.db.one("insert into rolecall.organizations (name) values ('An organisation') returning id", &[]).await
    }

    /// Puts somebody into an organisation.
    pub async fn belongs(&self, user: &User, organization: Uuid, role: Option<&str>) {
        let sql = "update rolecall.profiles set organization_id = $2, organization_role = $3 where id = $1";
        self.db.run(sql, &[&user.id, &organization, &role]).await;
    }

    /// A show of this organizer.
    pub async fn show(&self, organizer: &User, starts: Starts) -> Uuid {
        let days = match starts {
            Starts::InAWeek => 7,
            Starts::ADayAgo => -1,
        };
        let sql = "insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
            values (gen_random_uuid(), $1, 'A show', now() + make_interval(days => $2),
                    now() + make_interval(days => $2 + 2))
            returning id";
        self.db.one(sql, &[&organizer.id, &days]).await
    }

    /// Makes people take part in a show.
    pub async fn join(&self, show: Uuid, users: &[&User]) {
        let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let sql = "insert into rolecall.show_participants (show_id, user_id) select $1, unnest($2::uuid[])";
        self.db.run(sql, &[&show, &ids]).await;
    }

    /// Adds this many new attendees to a show.
    pub async fn crowd(&self, show: Uuid, number: i32) {
        let sql = "with people as (
              insert into rolecall.profiles (id, display_name, role)
              select gen_random_uuid(), 'One of many', 'attendee' from generate_series(1, $2::int)
              returning id
            )
            insert into rolecall.show_participants (show_id, user_id) select $1, id from people";
        self.db.run(sql, &[&show, &number]).await;
    }

    /// An open help request.
    pub async fn help_request(&self, requester: &User) -> Uuid {
        let sql = "insert into rolecall.help_requests (requester_id, title, description)
            values ($1, 'A ride to the clinic', 'On Thursday at nine.') returning id";
        self.db.one(sql, &[&requester.id]).await
    }

    /// A direct message from one to the other.
    pub fn send_dm(&self, from: &User, to: &User, content: &str) -> Call {
        self.post("send-dm", &json!({"recipient_id": to.id, "content": content})).by(from)
    }

    /// A reply in a conversation.
    pub fn reply(&self, from: &User, conversation: Uuid, content: &str) -> Call {
        self.post("send-dm", &json!({"conversation_id": conversation, "content": content})).by(from)
    }

    /// A broadcast to the attendees of a show.
    pub fn broadcast(&self, from: &User, show: Uuid, message: &str) -> Call {
        self.broadcast_to(from, show, &["attendee"], message)
    }

    /// A broadcast.
    pub fn broadcast_to(&self, from: &User, show: Uuid, roles: &[&str], message: &str) -> Call {
        self.post("send-broadcast", &json!({"show_id": show, "recipient_roles": roles, "message": message})).by(from)
    }

    /// The first message of a help conversation.
    pub fn offer(&self, helper: &User, help_request: Uuid, message: &str) -> Call {
        self.post("start-conversation", &json!({"help_request_id": help_request, "initial_message": message}))
            .by(helper)
    }

    /// A help conversation that this helper has begun with this requester.
    pub async fn helped(&self, requester: &User, helper: &User) -> Uuid {
        let request = self.help_request(requester).await;
        self.offer(helper, request, "I can drive you there.").expect(201).await.id("conversation_id")
    }

    /// A page of somebody's help conversations.
    pub fn help_conversations(&self, user: &User, query: &str) -> Call {
        self.page("help-conversations", query).by(user)
    }

    /// A help conversation with a page of its messages.
    pub fn help_conversation(&self, user: &User, conversation: Uuid, query: &str) -> Call {
        self.page(&format!("help-conversations/{conversation}"), query).by(user)
    }

    /// A message into a help conversation.
    pub fn say(&self, user: &User, conversation: Uuid, content: &str) -> Call {
        self.post(&format!("help-conversations/{conversation}/messages"), &json!({"content": content})).by(user)
    }

    /// `read`, `complete` or `cancel` of a help conversation.
    pub fn act(&self, user: &User, conversation: Uuid, action: &str) -> Call {
        self.post(&format!("help-conversations/{conversation}/{action}"), &json!({})).by(user)
    }

    /// The reset of the quotas, by an operator.
    pub fn reset(&self) -> Call {
        self.post("reset-broadcast-quotas", &json!({})).token(&token::operator())
    }

    /// The diagnostics, for this user.
    pub fn diagnostics(&self, user: &User) -> Call {
        self.get("diagnostics").by(user)
    }

    /// What somebody may do: one check, or `{"checks": […]}`.
    pub fn check(&self, user: &User, check: &Value) -> Call {
        self.post("check-permission", check).by(user)
    }

    /// A page of the inbox; `query` is what stands behind the question mark.
    pub fn inbox(&self, user: &User, query: &str) -> Call {
        self.page("conversations", query).by(user)
    }

    /// How much is unread in total.
    pub fn unread(&self, user: &User) -> Call {
        self.get("conversations/unread").by(user)
    }

    /// A page of a conversation.
    pub fn messages(&self, user: &User, conversation: Uuid, query: &str) -> Call {
        self.page(&format!("conversations/{conversation}/messages"), query).by(user)
    }

    /// Says how far somebody has read.
    pub fn mark_read(&self, user: &User, conversation: Uuid, up_to_seq: i64) -> Call {
        self.post(&format!("conversations/{conversation}/read"), &json!({"up_to_seq": up_to_seq})).by(user)
    }

    /// Makes messages new again, from this one on.
    pub fn mark_unread(&self, user: &User, conversation: Uuid, from_seq: i64) -> Call {
        self.post(&format!("conversations/{conversation}/unread"), &json!({"from_seq": from_seq})).by(user)
    }

    /// Mutes, archives or pins a conversation.
    pub fn set_conversation(&self, user: &User, conversation: Uuid, mut settings: Value) -> Call {
        settings["conversation_id"] = json!(conversation);
        self.post("conversations/settings", &settings).by(user)
    }

    /// Gives a message new words.
    pub fn edit(&self, user: &User, message: Uuid, content: &str) -> Call {
        self.post("messages/edit", &json!({"message_id": message, "content": content})).by(user)
    }

    /// Every version of a message.
    pub fn versions(&self, user: &User, message: Uuid) -> Call {
        self.get(&format!("messages/{message}/history")).by(user)
    }

    /// Makes a message so many seconds older.
    pub async fn age_message(&self, message: Uuid, seconds: i32) {
        let older =
            "update rolecall.messages set created_at = created_at - $2::int * interval '1 second' where id = $1";
        self.db.run(older, &[&message, &seconds]).await;
    }

    /// Reacts to a message.
    pub fn react(&self, user: &User, message: Uuid, emoji: &str) -> Call {
        self.post("messages/react", &json!({"message_id": message, "emoji": emoji})).by(user)
    }

    /// Takes a reaction back.
    pub fn unreact(&self, user: &User, message: Uuid, emoji: &str) -> Call {
        self.post("messages/unreact", &json!({"message_id": message, "emoji": emoji})).by(user)
    }

    /// Who has reacted to a message.
    pub fn reactions(&self, user: &User, message: Uuid, query: &str) -> Call {
        self.get(&format!("messages/{message}/reactions{query}")).by(user)
    }

    /// Reports a message.
    pub fn report(&self, user: &User, message: Uuid, reason: &str) -> Call {
        self.post("moderation/report", &json!({"message_id": message, "reason": reason})).by(user)
    }

    /// A page of the reports.
    pub fn queue(&self, user: &User, query: &str) -> Call {
        self.page("moderation/queue", query).by(user)
    }

    /// Decides a report.
    pub fn review(&self, user: &User, report: Uuid, decision: &str) -> Call {
        self.post("moderation/review", &json!({"report_id": report, "decision": decision})).by(user)
    }

    /// Deletes a message.
    pub fn delete_message(&self, user: &User, message: Uuid) -> Call {
        self.post("moderation/delete", &json!({"message_id": message})).by(user)
    }

    /// Restores a message.
    pub fn restore_message(&self, user: &User, message: Uuid) -> Call {
        self.post("moderation/restore", &json!({"message_id": message})).by(user)
    }

    /// Suspends somebody until a time in RFC 3339.
    pub fn suspend_user(&self, user: &User, target: Uuid, until: &str) -> Call {
        self.post("moderation/suspend", &json!({"target_id": target, "until": until})).by(user)
    }

    /// Ends a suspension.
    pub fn lift_suspension(&self, user: &User, target: Uuid) -> Call {
        self.post("moderation/lift-suspension", &json!({"target_id": target})).by(user)
    }

    /// A page of what moderators did.
    pub fn moderation_audit(&self, user: &User, query: &str) -> Call {
        self.page("moderation/audit", query).by(user)
    }

    /// A page of whom somebody has blocked.
    pub fn blocks(&self, user: &User, query: &str) -> Call {
        self.page("blocks", query).by(user)
    }

    /// Blocks somebody.
    pub fn block_user(&self, user: &User, blocked: Uuid) -> Call {
        self.post("blocks/block", &json!({"blocked_id": blocked})).by(user)
    }

    /// Lifts a block.
    pub fn unblock_user(&self, user: &User, blocked: Uuid) -> Call {
        self.post("blocks/unblock", &json!({"blocked_id": blocked})).by(user)
    }

    /// Everything that is somebody's own.
    pub fn export(&self, user: &User) -> Call {
        self.get("own-data/export").by(user)
    }

    /// Asks for the deletion of one's own messages.
    pub fn delete_own_data(&self, user: &User) -> Call {
        self.post("own-data/deletion", &json!({"confirm": true})).by(user)
    }

    /// Asks for the deletion of one's account.
    pub fn delete_account(&self, user: &User) -> Call {
        self.post("own-data/deletion", &json!({"confirm": true, "account": true})).by(user)
    }

    fn page(&self, path: &str, query: &str) -> Call {
        self.get(&if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
    }

    /// Sets how often users of a role may do something: so many times, refilled within so many seconds.
    pub async fn limit(&self, role: Role, action: &str, capacity: i32, window_seconds: i32) {
        let sql = "insert into rolecall.rate_limits (role, action, capacity, window_seconds)
            values ($1::text::rolecall.app_role, $2, $3, $4)
            on conflict (role, action) do update
            set capacity = excluded.capacity, window_seconds = excluded.window_seconds";
        self.db.run(sql, &[&role.as_str(), &action, &capacity, &window_seconds]).await;
    }

    /// Takes somebody out of a show.
    pub async fn leave(&self, show: Uuid, user: &User) {
        let sql = "delete from rolecall.show_participants where show_id = $1 and user_id = $2";
        self.db.run(sql, &[&show, &user.id]).await;
    }

    /// A time so many hours from now on the clock of the database, in RFC 3339.
    pub async fn hours_from_now(&self, hours: i32) -> String {
        self.db.one("select rolecall_internal.iso(now() + make_interval(hours => $1))", &[&hours]).await
    }

    /// What has changed for a user.
    pub fn sync(&self, user: &User, standing: &Value) -> Call {
        self.post("sync", standing).by(user)
    }

    /// What has changed in a conversation since a revision.
    pub fn changes(&self, user: &User, conversation: Uuid, since_revision: i64) -> Call {
        self.get(&format!("conversations/{conversation}/changes?since_revision={since_revision}")).by(user)
    }

    /// A direct conversation of two people with so many messages, all by `writer` and unread by `reader`.
    pub async fn history(&self, reader: &User, writer: &User, messages: i64) -> Uuid {
        let sql = "with conversation as (
              insert into rolecall.conversations
                (kind, participant_low, participant_high, created_by, last_seq, last_message_at)
              values ('direct', least($1::uuid, $2), greatest($1, $2), $2, $3, now())
              returning id
            ), people as (
              insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
              select id, person, case when person = $1 then 0 else $3 end
              from conversation, unnest(array[$1::uuid, $2]) as person
            ), written as (
              insert into rolecall.messages (conversation_id, seq, sender_id, content)
              select id, seq, $2, 'Message ' || seq from conversation, generate_series(1, $3) as seq
            )
            select id from conversation";
        self.db.one(sql, &[&reader.id, &writer.id, &messages]).await
    }

    /// The id of the message with this number.
    pub async fn message(&self, conversation: Uuid, seq: i64) -> Uuid {
        let sql = "select id from rolecall.messages where conversation_id = $1 and seq = $2";
        self.db.one(sql, &[&conversation, &seq]).await
    }

    /// Every row of every table, summed up: the same before and after something that changes nothing.
    pub async fn fingerprint(&self) -> Vec<String> {
        let tables = "select format(
              'select %L || md5(coalesce(string_agg(t::text, chr(10) order by t::text), %L)) from %I.%I as t',
              relname || ' ', '', nspname, relname
            )
            from pg_class
            join pg_namespace on pg_namespace.oid = relnamespace
            where relkind in ('r', 'p') and nspname in ('public', 'rolecall')
            order by nspname, relname";
        let rows = self.db.query(tables, &[]).await.unwrap_or_else(|error| panic!("{tables}: {error:?}"));
        let mut sums = Vec::new();
        for row in rows {
            sums.push(self.db.one(row.get(0), &[]).await);
        }
        sums
    }

    /// How many rows writing has left of somebody, as sender, helper or recipient: none after a refusal.
    pub async fn traces(&self, user: &User) -> i64 {
        let sql = "select
            (select count(*) from rolecall.messages where sender_id = $1)
            + (select count(*) from rolecall.conversations where $1 in (participant_low, participant_high, created_by))
            + (select count(*) from rolecall.conversation_participants where user_id = $1)
            + (select count(*) from rolecall.broadcasts where sender_id = $1)
            + (select count(*) from rolecall.broadcast_quotas where sender_id = $1)
            + (select count(*) from public.conversations_v2 where $1 in (helper_id, requester_id))
            + (select count(*) from public.messages_v2 where sender_id = $1)
            + (select count(*) from rolecall.reported_messages where reporter_id = $1)
            + (select count(*) from rolecall.message_reactions where user_id = $1)
            + (select count(*) from rolecall.moderation_audit where actor_id = $1)
            + (select count(*) from rolecall.data_deletions where user_id = $1)
            + (select count(*) from rolecall.idempotency_records where user_id = $1)";
        self.db.one(sql, &[&user.id]).await
    }

    /// Blocks one user for the other.
    pub async fn block(&self, blocker: &User, blocked: &User) {
        let sql = "insert into rolecall.user_blocks (blocker_id, blocked_id) values ($1, $2)";
        self.db.run(sql, &[&blocker.id, &blocked.id]).await;
    }

    /// Suspends somebody until some hours from now.
    pub async fn suspend(&self, user: &User, hours: i32) {
        let sql = "update rolecall.profiles set suspended_until = now() + make_interval(hours => $2) where id = $1";
        self.db.run(sql, &[&user.id, &hours]).await;
    }

    /// Gives somebody another role.
    pub async fn becomes(&self, user: &User, role: Role) {
        let sql = "update rolecall.profiles set role = $2::text::rolecall.app_role where id = $1";
        self.db.run(sql, &[&user.id, &role.as_str()]).await;
    }

    /// The broadcasts somebody has left for a show, before and after; none before the first.
    pub async fn quota(&self, user: &User, show: Uuid) -> Option<(Option<i32>, Option<i32>)> {
        let sql = "select pre_show_remaining, post_show_remaining from rolecall.broadcast_quotas
            where sender_id = $1 and show_id = $2";
        let row = self.db.query_opt(sql, &[&user.id, &show]).await;
        let row = row.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        row.map(|row| (row.get(0), row.get(1)))
    }

    /// The audit rows of a request, as (code, event, user).
    pub async fn audit(&self, request_id: &str) -> Vec<(Option<String>, String, Option<Uuid>)> {
        let sql = "select code, event, user_id from rolecall.application_logs where request_id = $1 order by id";
        let rows = self.db.query(sql, &[&request_id]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}
