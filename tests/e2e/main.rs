//! Every behaviour on the wire, every race and every refusal, against a real PostgreSQL and the real components on the
//! real runner. One folder for each domain; a test's name says what holds.

#[allow(clippy::module_inception, reason = "a domain may have one operation of its name")]
mod blocks {
    mod blocks;
}

mod broadcasts {
    mod cost;
    mod inbox;
    mod quota;
    mod reset_broadcast_quotas;
    mod send_broadcast;
}

mod calls {
    mod flags;
    mod group_commit;
    mod idempotency;
    mod rate_limits;
    mod rollout;
    mod rpc;
}

mod conversations {
    mod conversations;
}

mod diagnostics {
    mod diagnostics;
    mod monitoring;
}

mod help {
    mod start_conversation;
}

mod http {
    mod catalogue;
    mod cors;
    mod health;
    mod http_form;
    mod identity;
    mod impersonation;
    mod keys;
    mod logs;
    mod newman;
    mod openapi;
    mod typescript;
    mod validation;
}

mod legacy {
    mod import;
}

mod messages {
    mod reply;
    mod send_dm;
}

mod moderation {
    mod audit;
    mod moderation;
    mod suspend;
}

mod own_data {
    mod own_data;
}

mod permissions {
    mod check_permission;
    mod matrix;
}

mod robustness {
    mod crash;
    mod host_limits;
    mod instances;
    mod isolation;
    mod outage;
    mod shutdown;
}

#[path = "../concurrency"]
mod concurrency {
    mod races;
}
