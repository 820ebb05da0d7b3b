//! Guards and operators at once, counted.

use crate::rollout::support::{begun, counted, decisions, operate, rollout};
use futures::future::join_all;
use rolecall_e2e::{Setup, Stand};
use serde_json::json;

#[tokio::test]
async fn guards_at_once_make_one_decision() {
    let stand = Stand::own(Setup::new()).await;
    for round in 1..=5 {
        counted(&stand, "internal", 30).await;
        let answers = join_all((0..30).map(|_| operate(&stand, "guard", &json!({})).expect(200))).await;
        let decided: usize = answers.iter().map(|answer| answer.items("decisions").len()).sum();
        assert_eq!(decided, 1);
        assert_eq!(decisions(&stand).await.len(), 2 * round - 1);
        let changes = "rolecall.feature_flag_changes where name = 'start-conversation' and by = 'guard'";
        assert_eq!(stand.db.count(changes, &[]).await, round as i64);
        assert_eq!(rollout(&stand).await, "disabled");
        operate(&stand, "set", &json!({"rollout": "enabled", "reason": "Again."})).expect(200).await;
    }
}

#[tokio::test]
async fn one_of_many_advances_at_once_begins_the_next_stage() {
    let stand = Stand::own(Setup::new()).await;
    operate(&stand, "set", &json!({"rollout": "internal", "reason": "Begin."})).expect(200).await;
    counted(&stand, "ok", 20).await;
    begun(&stand, 2).await;
    let advance = json!({"reason": "As planned."});
    let answers = join_all((0..20).map(|_| operate(&stand, "advance", &advance).send())).await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(200), of(409)), (1, 19));
    assert_eq!(rollout(&stand).await, "percentage:10");
    assert_eq!(decisions(&stand).await.len(), 2);
}

/// Whatever the order of a guard and an operator, each decision goes on from the one before it.
#[tokio::test]
async fn decisions_of_guards_and_operators_follow_each_other() {
    let stand = Stand::own(Setup::new()).await;
    for number in 0..10 {
        counted(&stand, "internal", 30).await;
        let rollout = format!("percentage:{number}");
        let set = json!({"rollout": rollout, "reason": "Meanwhile."});
        let (guards, _) = tokio::join!(
            join_all((0..4).map(|_| operate(&stand, "guard", &json!({})).expect(200))),
            operate(&stand, "set", &set).expect(200)
        );
        assert!(guards.iter().map(|answer| answer.items("decisions").len()).sum::<usize>() <= 1);
    }
    let decisions = decisions(&stand).await;
    let ends: Vec<(&str, &str)> = decisions
        .iter()
        .map(|decision| {
            let mut words = decision.rsplitn(3, ' ');
            let (to, from) = (words.next().unwrap(), words.next().unwrap());
            (from, to)
        })
        .collect();
    assert!(ends.windows(2).all(|pair| pair[0].1 == pair[1].0), "{decisions:?}");
    assert_eq!(ends.last().unwrap().1, rollout(&stand).await);
}
