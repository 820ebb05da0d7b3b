//! Status callbacks at once, counted.

use crate::sms::support::{outbox, report, stands};
use futures::future::join_all;
use rolecall_e2e::{Stand, carrier::sid};

#[tokio::test]
async fn of_many_statuses_at_once_one_ends_the_message() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    for _ in 0..3 {
        let sid = sid();
        let row = outbox(&stand, &agency, "uncertain", None).await;
        let all = ["queued", "sent", "delivered", "undelivered", "failed"];
        let calls = (0..50).map(|n| report(&stand, &row.to_string(), &sid, all[n % all.len()], &[]).expect(200));
        let answers = join_all(calls).await;
        let ended = answers.iter().enumerate().filter(|(n, answer)| {
            let decision = stand.runner().request_line(answer.request_id())["decision"].clone();
            n % all.len() >= 2 && decision == "settled"
        });
        let [(ended, _)] = ended.collect::<Vec<_>>()[..] else { panic!("one of them ends it") };
        let status = all[ended % all.len()];
        assert_eq!(stands(&stand, row).await, format!("{status} {status} {sid}"));
    }
}
