//! Every behaviour on the wire, every race and every refusal, against a real PostgreSQL and the real components on the
//! real runner, or on Spin with `RUNTIME=spin`. One folder for each domain; a test's name says what holds.

mod base {
    mod redact;
}

mod blocks {
    mod block;
    mod list;
}

mod bookings {
    mod assign_booking;
}

mod broadcasts {
    mod cost;
    mod inbox;
    mod quota;
    mod read_broadcast;
    pub mod reset_broadcast_quotas;
    mod send_broadcast;
}

mod calls {
    mod flags;
    mod group_commit;
    mod idempotency;
    mod rate_limits;
    mod refusals;
    mod rollout;
    mod rpc;
}

mod connect {
    mod configuration;
    mod database;
    mod embedded;
    mod pooler;
    mod rollback;
    mod support;
    mod tls;
}

mod conversations {
    mod changes;
    mod inbox;
    mod mark_read;
    mod mark_unread;
    mod messages;
    mod settings;
    pub mod support;
    mod unread;
}

#[allow(clippy::module_inception, reason = "the domain has one operation, of its own name")]
mod diagnostics {
    mod diagnostics;
    mod monitoring;
}

#[allow(clippy::module_inception, reason = "the domain has one operation, of its own name")]
mod flags {
    mod flags;
    mod maintenance;
}

mod help {
    mod conversations;
    mod mixed;
    mod start_conversation;
    mod tables;
}

mod home {
    mod page;

    /// What the runner alone has, which starts the demo.
    mod runner {
        mod browser;
        mod sign_in;
    }
}

mod http {
    mod catalogue;
    mod cors;
    mod health;
    mod host_answers;
    mod http_form;
    mod identity;
    mod impersonation;
    mod keys;
    mod logs;
    mod openapi;
    mod schemathesis;
    mod signed;
    pub mod typescript;
    mod validation;
}

mod legacy {
    mod import;
}

mod messages {
    mod edits;
    mod message_id;
    mod reply;
    mod send_dm;
    mod send_dms;
}

mod moderation {
    mod audit;
    mod delete_and_restore;
    mod help_messages;
    mod queue;
    mod report;
    mod review;
    pub mod support;
    mod suspend;
}

mod monitoring {
    mod alerts;
    mod failures;
    mod metrics;
    mod support;
}

#[allow(clippy::module_inception, reason = "the domain has one component, of its own name")]
mod numbers {
    mod numbers;
    mod pool;
}

mod operations {
    mod runbook;
}

mod own_data {
    mod account;
    mod delete;
    mod export;
    pub mod support;
    mod threads;
}

mod permissions {
    mod check_permission;
    mod matrix;
}

mod reactions {
    mod list;
    mod pages;
    mod react;
}

mod realtime {
    mod client;
    mod cluster;
    mod delivery;
    mod many;
    mod presence;
    mod pushed;
    pub mod support;
    mod token;
    mod typing;
    pub mod webhooks;
}

mod robustness {
    mod crash;
    mod instances;
    mod isolation;
    mod limits;
    mod outage;
    mod phone_numbers;
    mod soak;
    pub mod support;
    mod texts;
}

#[allow(clippy::module_inception, reason = "the domain has one rule, of its own name")]
mod retention {
    mod retention;
}

#[allow(clippy::module_inception, reason = "the domain has one component, of its own name")]
mod rollout {
    mod guard;
    mod rollout;
    pub mod support;
}

#[allow(clippy::module_inception, reason = "the domain has a component of its own name")]
mod threads {
    mod erase_client;
    mod flags;
    mod force_send;
    mod organizations;
    mod send_thread_message;
    pub mod support;
    mod threads;
}

#[allow(clippy::module_inception, reason = "the domain has one component, of its own name")]
mod webhooks {
    mod deliveries;
    mod webhooks;
}

/// What the runner does and Spin does not: its limits, its graceful stop, its schedule, what it writes. `RUNTIME=spin` leaves these out.
mod runner {
    mod floods;
    mod limits;
    mod postman;
    mod realtime;
    mod schedule;
    mod shutdown;
    mod webhooks;
}

mod sms {
    mod deliver_sms;
    mod hostile;
    mod receive_sms;
    mod receive_sms_status;
    pub mod support;
    pub mod texts;
}

#[allow(clippy::module_inception, reason = "the domain has one operation, of its own name")]
mod sync {
    mod sync;
    mod threads;
}

/// Races, run in parallel and counted.
#[path = "../concurrency"]
mod concurrency {
    mod blocks {
        mod block;
    }
    mod bookings {
        mod assign_booking;
    }
    mod broadcasts {
        mod send_broadcast;
    }
    mod conversations {
        mod held;
        mod mark_read;
        mod unread;
    }
    #[allow(clippy::module_inception, reason = "the domain has one operation, of its own name")]
    mod flags {
        mod flags;
    }
    mod help {
        mod end_conversation;
        mod send_message;
        mod start_conversation;
        mod tables;
    }
    mod messages {
        mod message_ids;
        mod send_dm;
    }
    #[allow(clippy::module_inception, reason = "the domain has one component, of its own name")]
    mod numbers {
        mod numbers;
    }
    mod moderation {
        mod delete_and_restore;
        mod report;
        mod review;
    }
    mod own_data {
        mod account;
    }
    #[allow(clippy::module_inception, reason = "the domain has one component, of its own name")]
    mod reactions {
        mod reactions;
    }
    mod rollout {
        mod guard;
    }
    mod sms {
        mod receive_sms;
        mod receive_sms_status;
    }
    #[allow(clippy::module_inception, reason = "the domain has one operation, of its own name")]
    mod sync {
        mod sync;
    }
    #[allow(clippy::module_inception, reason = "the domain has a component of its own name")]
    mod threads {
        mod threads;
    }
}
