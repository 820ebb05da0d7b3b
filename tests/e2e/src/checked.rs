//! A stand whose clients check every answer against `docs/openapi.yaml`.

use crate::{openapi, pushed};
use rolecall_kit::{
    Setup,
    client::{self, Checks},
};
use std::ops::{Deref, DerefMut};

const CHECKS: Checks = Checks { answer: openapi::check, line: openapi::check_line };

/// A [`rolecall_kit::Stand`] of the end-to-end tests.
#[derive(Debug)]
pub struct Stand(rolecall_kit::Stand);

impl Stand {
    /// The stand that most tests share; see [`rolecall_kit::Stand::shared`]. All that happens there is [watched](pushed).
    pub async fn shared() -> Stand {
        client::check_answers_by(CHECKS);
        let stand = rolecall_kit::Stand::shared().await;
        pushed::watch(stand.admin_url());
        Stand(stand)
    }

    /// The stand that most tests with realtime share; see [`rolecall_kit::Stand::live`].
    pub async fn live() -> Stand {
        client::check_answers_by(CHECKS);
        Stand(rolecall_kit::Stand::live().await)
    }

    /// A stand that no other test uses; see [`rolecall_kit::Stand::own`].
    pub async fn own(setup: Setup) -> Stand {
        client::check_answers_by(CHECKS);
        Stand(rolecall_kit::Stand::own(setup).await)
    }

    /// A database without a runner: an administrator's URL.
    pub async fn database() -> String {
        rolecall_kit::Stand::database().await
    }
}

impl Deref for Stand {
    type Target = rolecall_kit::Stand;

    fn deref(&self) -> &rolecall_kit::Stand {
        &self.0
    }
}

impl DerefMut for Stand {
    fn deref_mut(&mut self) -> &mut rolecall_kit::Stand {
        &mut self.0
    }
}
