//! People, shows and help requests, each with a fresh id.

use crate::{client::Call, stand::Stand, token};
use rolecall_shared::matrix::Role;
use serde_json::json;
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
        let sql =
            "insert into public.profiles (id, display_name, role) values ($1, 'Somebody', $2::text::public.app_role)";
        self.db.run(sql, &[&user.id, &role.as_str()]).await;
        user
    }

    /// A user of each role.
    pub async fn users<const N: usize>(&self, roles: [Role; N]) -> [User; N] {
        let users = roles.map(|_| User::of(Uuid::new_v4()));
        for (user, role) in users.iter().zip(roles) {
            let sql = "insert into public.profiles (id, display_name, role) values ($1, 'Somebody', $2::text::public.app_role)";
            self.db.run(sql, &[&user.id, &role.as_str()]).await;
        }
        users
    }

    /// An organisation.
    pub async fn organization(&self) -> Uuid {
        self.db.one("insert into public.organizations (name) values ('An organisation') returning id", &[]).await
    }

    /// Puts somebody into an organisation.
    pub async fn belongs(&self, user: &User, organization: Uuid, role: Option<&str>) {
        let sql = "update public.profiles set organization_id = $2, organization_role = $3 where id = $1";
        self.db.run(sql, &[&user.id, &organization, &role]).await;
    }

    /// A show of this organizer.
    pub async fn show(&self, organizer: &User, starts: Starts) -> Uuid {
        let days = match starts {
            Starts::InAWeek => 7,
            Starts::ADayAgo => -1,
        };
        let sql = "insert into public.shows (id, organizer_id, title, starts_at, ends_at)
            values (gen_random_uuid(), $1, 'A show', now() + make_interval(days => $2),
                    now() + make_interval(days => $2 + 2))
            returning id";
        self.db.one(sql, &[&organizer.id, &days]).await
    }

    /// Makes people take part in a show.
    pub async fn join(&self, show: Uuid, users: &[&User]) {
        let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let sql = "insert into public.show_participants (show_id, user_id) select $1, unnest($2::uuid[])";
        self.db.run(sql, &[&show, &ids]).await;
    }

    /// Adds this many new attendees to a show.
    pub async fn crowd(&self, show: Uuid, number: i32) {
        let sql = "with people as (
              insert into public.profiles (id, display_name, role)
              select gen_random_uuid(), 'One of many', 'attendee' from generate_series(1, $2::int)
              returning id
            )
            insert into public.show_participants (show_id, user_id) select $1, id from people";
        self.db.run(sql, &[&show, &number]).await;
    }

    /// An open help request.
    pub async fn help_request(&self, requester: &User) -> Uuid {
        let sql = "insert into public.help_requests (requester_id, title, description)
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

    /// The reset of the quotas, by an operator.
    pub fn reset(&self) -> Call {
        self.post("reset-broadcast-quotas", &json!({})).token(&token::operator())
    }

    /// The diagnostics, for this user.
    pub fn diagnostics(&self, user: &User) -> Call {
        self.get("diagnostics").by(user)
    }

    /// How many rows writing has left of somebody, as sender, helper or recipient: none after a refusal.
    pub async fn traces(&self, user: &User) -> i64 {
        let sql = "select
            (select count(*) from public.messages where sender_id = $1)
            + (select count(*) from public.conversations where $1 in (participant_low, participant_high, created_by))
            + (select count(*) from public.conversation_participants where user_id = $1)
            + (select count(*) from public.broadcasts where sender_id = $1)
            + (select count(*) from public.broadcast_quotas where sender_id = $1)
            + (select count(*) from public.conversations_v2 where $1 in (helper_id, requester_id))
            + (select count(*) from public.messages_v2 where sender_id = $1)
            + (select count(*) from rolecall.idempotency_records where user_id = $1)";
        self.db.one(sql, &[&user.id]).await
    }

    /// Blocks one user for the other.
    pub async fn block(&self, blocker: &User, blocked: &User) {
        let sql = "insert into public.user_blocks (blocker_id, blocked_id) values ($1, $2)";
        self.db.run(sql, &[&blocker.id, &blocked.id]).await;
    }

    /// Suspends somebody until some hours from now.
    pub async fn suspend(&self, user: &User, hours: i32) {
        let sql = "update public.profiles set suspended_until = now() + make_interval(hours => $2) where id = $1";
        self.db.run(sql, &[&user.id, &hours]).await;
    }

    /// Gives somebody another role.
    pub async fn becomes(&self, user: &User, role: Role) {
        let sql = "update public.profiles set role = $2::text::public.app_role where id = $1";
        self.db.run(sql, &[&user.id, &role.as_str()]).await;
    }

    /// The broadcasts somebody has left for a show, before and after; none before the first.
    pub async fn quota(&self, user: &User, show: Uuid) -> Option<(Option<i32>, Option<i32>)> {
        let sql = "select pre_show_remaining, post_show_remaining from public.broadcast_quotas
            where sender_id = $1 and show_id = $2";
        let row = self.db.query_opt(sql, &[&user.id, &show]).await;
        let row = row.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        row.map(|row| (row.get(0), row.get(1)))
    }

    /// The audit rows of a request, as (code, event, user).
    pub async fn audit(&self, request_id: &str) -> Vec<(Option<String>, String, Option<Uuid>)> {
        let sql = "select code, event, user_id from public.application_logs where request_id = $1 order by id";
        let rows = self.db.query(sql, &[&request_id]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}
