//! POST token: a token with which the caller listens to their own subject of NATS.

use rolecall_shared::{
    auth::{caller::User, realtime::subjects},
    function::{AtHand, Function, Nothing},
    wire::{refusal::Refusal, timestamp::iso},
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The function.
pub struct Token;

impl Function for Token {
    const NAME: &'static str = "realtime.token";
    const ENTRY: &'static str = "realtime_token";
    const READS: bool = true;
    const NEEDS_REALTIME: bool = true;
    type Caller = User;
    type Input = Nothing;

    fn finish(data: &mut Map<String, Value>, at_hand: &AtHand<'_>) -> Result<(), Refusal> {
        let &AtHand { user: Some(user), token_ends: Some(ends), now, token_signer: Some(signer) } = at_hand else {
            return Err(Refusal::internal());
        };
        let signed = signer.sign(user, now.as_secs(), ends)?;
        data.insert("url".to_owned(), json!(signer.url));
        data.insert("token".to_owned(), json!(signed.token));
        data.insert("subject".to_owned(), json!(subjects(user)));
        data.insert("expires_at".to_owned(), json!(iso(Duration::from_secs(signed.expires_at))));
        // The clock that the end is read on.
        data.insert("server_time".to_owned(), json!(iso(now)));
        Ok(())
    }
}
