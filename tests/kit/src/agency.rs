//! A pet-care agency: an organisation that texts with its clients. A test that crosses organisations makes two.

use crate::{client::Call, fixtures::User, stand::Stand, token};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

/// The flags that an agency has on.
pub const FLAGS: [&str; 3] = ["messaging_v1", "proactive_thread_creation", "sitter_messages_v1"];

/// An organisation with its people and numbers.
#[derive(Clone, Debug)]
pub struct Agency {
    /// The organisation.
    pub organization: Uuid,
    /// Its owner.
    pub owner: User,
    /// Its admin.
    pub admin: User,
    /// A sitter who has a number.
    pub sitter: User,
    /// A sitter without a number.
    pub other_sitter: User,
    /// The user of [`Agency::client`].
    pub client_user: User,
    /// A client with an account.
    pub client: Client,
    /// The number of the front desk.
    pub front_desk: Number,
    /// The number of [`Agency::sitter`].
    pub sitter_number: Number,
    /// The only number of the pool.
    pub pool: Number,
}

/// A client of an organisation.
#[derive(Clone, Debug)]
pub struct Client {
    /// The id.
    pub id: Uuid,
    /// The phone number in E.164.
    pub phone: String,
}

/// A masked number of an organisation.
#[derive(Clone, Debug)]
pub struct Number {
    /// The id.
    pub id: Uuid,
    /// The number in E.164.
    pub e164: String,
}

/// A booking's window, with the booking.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The window.
    pub id: Uuid,
    /// The booking.
    pub booking: Uuid,
}

/// A phone number in E.164 that no other call has given: 555-01xx of an area, which nobody has.
pub fn phone() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // The areas below 301 are for the demo data and for numbers that tests write down.
    format!("+1{:03}55501{:02}", 301 + next / 100 % 699, next % 100)
}

impl Stand {
    /// An agency with all flags on.
    pub async fn agency(&self) -> Agency {
        let agency = self.agency_without_flags().await;
        for flag in FLAGS {
            self.switch(&agency, flag, "enabled").await;
        }
        agency
    }

    /// An agency for which every flag of texting is off, as for any new organisation.
    pub async fn agency_without_flags(&self) -> Agency {
        let organization = self.organization().await;
        let [owner, admin, sitter, other_sitter, client_user] = [(); 5].map(|()| User::stranger());
        let people = [&owner, &admin, &sitter, &other_sitter, &client_user].map(|user| user.id);
        let roles = ["owner", "admin", "sitter", "sitter", "client"];
        let sql = "insert into rolecall.profiles (id, display_name, organization_id, organization_role)
            select person.id, 'Somebody', $1, person.role from unnest($2::uuid[], $3::text[]) as person (id, role)";
        self.db.run(sql, &[&organization, &people.as_slice(), &roles.as_slice()]).await;
        Agency {
            front_desk: self.number(organization, "front_desk", None).await,
            sitter_number: self.number(organization, "sitter", Some(&sitter)).await,
            pool: self.number(organization, "pool", None).await,
            client: self.client_of(organization, Some(&client_user)).await,
            organization,
            owner,
            admin,
            sitter,
            other_sitter,
            client_user,
        }
    }

    /// Sets a flag's rollout for an agency.
    pub async fn switch(&self, agency: &Agency, flag: &str, rollout: &str) {
        let sql = "insert into rolecall.feature_flag_overrides (name, organization_id, rollout) values ($2, $1, $3)
            on conflict (name, organization_id) do update set rollout = excluded.rollout";
        self.db.run(sql, &[&agency.organization, &flag, &rollout]).await;
    }

    /// A number of an organisation: of the class `front_desk`, `sitter` or `pool`.
    pub async fn number(&self, organization: Uuid, class: &str, sitter: Option<&User>) -> Number {
        let e164 = phone();
        let sql = "insert into rolecall.message_numbers (organization_id, e164, class, sitter_id)
            values ($1, $2, $3, $4) returning id";
        let id = self.db.one(sql, &[&organization, &e164, &class, &sitter.map(|sitter| sitter.id)]).await;
        Number { id, e164 }
    }

    /// A client of an organisation, with or without an account.
    pub async fn client_of(&self, organization: Uuid, user: Option<&User>) -> Client {
        let phone = phone();
        let sql = "insert into rolecall.clients (organization_id, user_id, display_name, phone)
            values ($1, $2, 'A client', $3) returning id";
        let id = self.db.one(sql, &[&organization, &user.map(|user| user.id), &phone]).await;
        Client { id, phone }
    }

    /// The open thread of a client, made on this number if there is none.
    pub async fn thread(&self, organization: Uuid, client: &Client, number: &Number) -> Uuid {
        let sql =
            "insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, sitter_id)
            select organization_id, $2, id, class, sitter_id
            from rolecall.message_numbers
            where organization_id = $1 and id = $3
            on conflict (organization_id, client_id) where status = 'open' and client_id is not null
            do update set updated_at = now()
            returning id";
        self.db.one(sql, &[&organization, &client.id, &number.id]).await
    }

    /// A booking whose window in its client's thread is open from `starts` to `ends`, in minutes from now on.
    pub async fn window(&self, organization: Uuid, thread: Uuid, sitter: &User, starts: i32, ends: i32) -> Window {
        let sql = "with booking as (
              insert into rolecall.bookings
                (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
              select organization_id, gen_random_uuid(), client_id, 'walk',
                now() + make_interval(mins => $4), now() + make_interval(mins => $5), $3, 'confirmed'
              from rolecall.message_threads
              where organization_id = $1 and id = $2
              returning *
            )
            insert into rolecall.assignment_windows
              (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
            select organization_id, $2, id, sitter_id, starts_at, ends_at from booking
            returning id";
        let id = self.db.one(sql, &[&organization, &thread, &sitter.id, &starts, &ends]).await;
        let booking = self.db.one("select booking_id from rolecall.assignment_windows where id = $1", &[&id]).await;
        Window { id, booking }
    }

    /// What `assign-booking` takes for a recurring walk of a client: from `starts` to `ends`, in minutes from now on.
    pub async fn booking(&self, client: &Client, sitter: Option<&User>, starts: i32, ends: i32) -> Value {
        let sql = "select rolecall_internal.iso(now() + make_interval(mins => $1))";
        let starts_at: String = self.db.one(sql, &[&starts]).await;
        let ends_at: String = self.db.one(sql, &[&ends]).await;
        json!({
            "booking_id": Uuid::new_v4(),
            "client": {"id": client.id},
            "service": "walk",
            "starts_at": starts_at,
            "ends_at": ends_at,
            "recurring": true,
            "sitter_id": sitter.map(|sitter| sitter.id),
            "status": "confirmed",
        })
    }

    /// Puts a booking as this user.
    pub fn assign(&self, user: &User, booking: &Value) -> Call {
        self.post("assign-booking", booking).by(user)
    }

    /// Puts a booking of an organisation as the operator.
    pub fn assign_as_operator(&self, organization: Uuid, booking: &Value) -> Call {
        let mut booking = booking.clone();
        booking["organization_id"] = json!(organization);
        self.post("assign-booking", &booking).token(&token::operator())
    }
}
