//! POST deliver-sms: claims texts with a lease, posts them, settles what became of them, and goes on while there are more.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing},
};
use serde_json::{Map, Value};

/// The function. Nothing is held between its two statements: a run that dies leaves a lease that runs out.
pub struct DeliverSms;

impl Function for DeliverSms {
    const NAME: &'static str = "deliver-sms";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "claim_sms";
    type Caller = Operator;
    type Input = Nothing;

    /// Most runs find nothing. What waits where there is no carrier is told by the answer and by an alert.
    fn is_routine(data: &Map<String, Value>) -> bool {
        let number = |name: &str| data.get(name).and_then(Value::as_u64).unwrap_or_default();
        ["sent", "retried", "dead", "uncertain", "expired"].into_iter().all(|name| number(name) == 0)
    }
}

#[cfg(target_family = "wasm")]
pub use run::deliver;

#[cfg(target_family = "wasm")]
mod run {
    use super::DeliverSms;
    use crate::{
        outcome::{Kind, Outcome},
        text::Text,
    };
    use futures_util::{
        StreamExt,
        future::{Either, select},
        stream,
    };
    use rolecall_shared::{
        function::Function,
        settings::CarrierAccount,
        spin::{
            Job,
            post::{Form, Posted, post_form},
        },
        wire::{refusal::Refusal, statement::Statement},
    };
    use serde::Deserialize;
    use serde_json::{Map, Value, json};
    use spin_sdk::wasip3::clocks::monotonic_clock::wait_for;
    use std::{
        cell::{Cell, RefCell},
        collections::BTreeMap,
        pin::pin,
        time::{Duration, Instant},
    };
    use time::OffsetDateTime;

    const SETTLE: &Statement = &Statement::of("settle_sms");
    /// Requests to the carrier at the same time.
    const MAX_POSTS: usize = 25;
    /// How long a run goes on claiming.
    const RUN_TIME: Duration = Duration::from_secs(8);
    /// How long after its claim a text may be begun, and how long the carrier may take for it: together well below the lease
    /// of a minute, so that nothing is posted whose lease has run out.
    const BEGIN_TIME: Duration = Duration::from_secs(4);
    const POST_TIME: Duration = Duration::from_secs(10);
    /// How long a run waits where the carrier asks for a pause; a longer one ends the run.
    const MAX_PAUSE: Duration = Duration::from_secs(2);
    /// The pause after a 429 that does not say how long.
    const USUAL_PAUSE: Duration = Duration::from_secs(1);
    /// How long outcomes are collected for one settlement, and how long a settlement that fails is tried again.
    const COLLECT_TIME: Duration = Duration::from_millis(200);
    const SETTLE_TIME: Duration = Duration::from_secs(5);
    const SETTLE_PAUSE: Duration = Duration::from_millis(500);

    /// What the claim answers.
    #[derive(Deserialize)]
    struct Claim {
        lease: String,
        messages: Vec<Text>,
        expired: u64,
        waiting: u64,
    }

    /// What a settlement answers.
    #[derive(Default, Deserialize)]
    struct Settled {
        /// How many texts were to be tried again, and are dead: the last attempt, or an hour is over.
        given_up: u64,
    }

    /// What a run has done so far.
    #[derive(Default)]
    struct Tally {
        outcomes: BTreeMap<&'static str, u64>,
        /// Why texts were not sent, for the log: codes and sentences of the host, and how often.
        causes: BTreeMap<String, u64>,
    }

    impl Tally {
        fn count(&mut self, outcome: &Outcome) {
            let name = match outcome.kind {
                Kind::Sent => "sent",
                Kind::Retry => "retried",
                Kind::Dead => "dead",
                Kind::Uncertain => "uncertain",
                Kind::Released => "released",
            };
            *self.outcomes.entry(name).or_default() += 1;
        }

        fn give_up(&mut self, texts: u64) {
            let retried = self.outcomes.entry("retried").or_default();
            *retried = retried.saturating_sub(texts);
            *self.outcomes.entry("dead").or_default() += texts;
        }
    }

    /// Hands over what is due.
    pub async fn deliver(job: &mut Job<'_>) -> Result<Map<String, Value>, Refusal> {
        let begun = Instant::now();
        let account = job.carrier_account();
        let mut tally = Tally::default();
        let mut answer = Map::new();
        let mut expired = 0;
        loop {
            let claimed = Instant::now();
            let statement = const { DeliverSms::STATEMENT.as_str() };
            let data = job.query(statement, &json!({"lease": account.is_some()})).await?;
            let Ok(claim) = serde_json::from_value::<Claim>(Value::Object(data)) else {
                return Err(job.unparsable(statement));
            };
            expired += claim.expired;
            let found = claim.messages.len() as u64;
            answer.insert("waiting".into(), claim.waiting.into());
            let Some(account) = &account else {
                answer.insert("delivery".into(), "off".into());
                break;
            };
            let mut pause = None;
            if found > 0 {
                pause = hand_over(job, account, claim, claimed, &mut tally).await?;
            }
            let is_paused = pause.is_some_and(|pause| pause > MAX_PAUSE);
            answer.insert("delivery".into(), if is_paused { "paused" } else { "on" }.into());
            if found == 0 || is_paused || begun.elapsed() > RUN_TIME {
                answer.insert("more".into(), (found > 0 && !is_paused).into());
                break;
            }
            if let Some(pause) = pause {
                wait_for(nanoseconds(pause)).await;
            }
        }
        for name in ["sent", "retried", "dead", "uncertain", "released"] {
            answer.insert(name.into(), tally.outcomes.get(name).copied().unwrap_or_default().into());
        }
        answer.insert("expired".into(), expired.into());
        for (cause, number) in &tally.causes {
            // A line for each, and words in between: digits that stand closer would be taken for a phone number.
            job.warn("sms_not_sent", &format!("{cause}; number of texts: {number}"));
        }
        Ok(answer)
    }

    /// Posts the texts of a claim and settles them as their answers come. The pause that the carrier asked for.
    async fn hand_over(
        job: &mut Job<'_>,
        account: &CarrierAccount,
        claim: Claim,
        claimed: Instant,
        tally: &mut Tally,
    ) -> Result<Option<Duration>, Refusal> {
        let pause: Cell<Option<Option<u64>>> = Cell::new(None);
        let causes: RefCell<Vec<String>> = RefCell::default();
        let posts = claim.messages.into_iter().map(|text| {
            let (pause, causes) = (&pause, &causes);
            async move {
                if let Some(retry_after) = pause.get() {
                    return Outcome::released(text.id, retry_after);
                }
                if claimed.elapsed() > BEGIN_TIME {
                    return Outcome::released(text.id, None);
                }
                let body = text.form(account);
                let form = Form { url: &account.messages_url, authorization: &account.authorization, body: &body };
                let posted = post_form(form, POST_TIME).await;
                let outcome = Outcome::of(text.id, &posted, OffsetDateTime::now_utc());
                if outcome.asks_for_pause() {
                    pause.set(Some(outcome.retry_after_seconds));
                }
                match (&posted, outcome.error_code) {
                    (Posted::NotSent(cause) | Posted::Unknown(cause), _) => causes.borrow_mut().push(cause.clone()),
                    (Posted::Answered { .. }, Some(code)) => causes.borrow_mut().push(format!("code {code}")),
                    (Posted::Answered { .. }, None) => {}
                }
                outcome
            }
        });
        let mut posts = pin!(stream::iter(posts).buffer_unordered(MAX_POSTS));
        while let Some(first) = posts.next().await {
            let mut outcomes = vec![first];
            let mut over = pin!(wait_for(nanoseconds(COLLECT_TIME)));
            while let Either::Left((Some(next), _)) = select(posts.next(), over.as_mut()).await {
                outcomes.push(next);
            }
            outcomes.iter().for_each(|outcome| tally.count(outcome));
            tally.give_up(settle(job, &claim.lease, &outcomes).await?.given_up);
        }
        for cause in causes.take() {
            *tally.causes.entry(cause).or_default() += 1;
        }
        Ok(pause.get().map(|seconds| seconds.map_or(USUAL_PAUSE, Duration::from_secs)))
    }

    /// Settles outcomes. A settlement may be repeated, so one that fails is: what stays unsettled becomes uncertain.
    async fn settle(job: &mut Job<'_>, lease: &str, outcomes: &[Outcome]) -> Result<Settled, Refusal> {
        let begun = Instant::now();
        let input = json!({"lease": lease, "outcomes": outcomes});
        loop {
            match job.query(const { SETTLE.as_str() }, &input).await {
                Ok(data) => return Ok(serde_json::from_value(Value::Object(data)).unwrap_or_default()),
                Err(refusal) if begun.elapsed() > SETTLE_TIME => return Err(refusal),
                Err(_) => wait_for(nanoseconds(SETTLE_PAUSE)).await,
            }
        }
    }

    fn nanoseconds(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }
}
