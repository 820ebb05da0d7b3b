//! Transactions that commit in another order than they began, read by cursor.

use futures::future::join_all;
use rolecall_e2e::{Answer, Role, Stand, User, until};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

/// How many write at once.
const WRITERS: usize = 8;

/// How many conversations each of them has to write into, once each: a change that is missed stays missed.
const EACH: usize = 400;

/// How often the reader asks at least.
const READS: usize = 400;

/// A direct conversation of the reader with so many others each, with one message.
async fn conversations(stand: &Stand, reader: &User, number: i32) -> Vec<Uuid> {
    let sql = "with other as (
          insert into rolecall.profiles (id, display_name, role)
          select gen_random_uuid(), 'Other', 'admin' from generate_series(1, $2)
          returning id
        ), conversation as (
          insert into rolecall.conversations (kind, participant_low, participant_high, created_by, last_seq)
          select 'direct', least($1::uuid, id), greatest($1, id), id, 1 from other
          returning id, created_by
        ), people as (
          insert into rolecall.conversation_participants (conversation_id, user_id)
          select id, person from conversation, unnest(array[$1, created_by]) as person
        ), message as (
          insert into rolecall.messages (conversation_id, seq, sender_id, content)
          select id, 1, created_by, 'One' from conversation
        )
        select array_agg(id) from conversation";
    let made = stand.db.one(sql, &[&reader.id, &number]).await;
    // What autovacuum does a minute after thousands of rows have come. The sessions of the functions have plans from when these
    // tables held a few rows, which read them whole for each card: ten times as long, and more than the five seconds that a
    // statement may take on a busy machine.
    stand
        .db
        .script(
            "analyze rolecall.profiles, rolecall.conversations, rolecall.conversation_participants, rolecall.messages",
        )
        .await;
    made
}

/// A page of sync, asked for until there is an answer: what a machine that is busy does not answer in time, a client asks for
/// again, from the same cursor.
async fn page(stand: &Stand, reader: &User, cursor: &Value) -> Answer {
    until("sync answers", async || {
        let answer = stand.sync(reader, &json!({"cursor": cursor, "limit": 200})).send().await;
        match answer.status {
            504 => None,
            status => {
                assert_eq!(status, 200, "{}", answer.body);
                Some(answer)
            }
        }
    })
    .await
}

/// Replies into each conversation in a transaction of its own, which waits up to 30 ms before it commits.
async fn write(stand: &Stand, conversations: &[Uuid], enough: &AtomicBool) -> HashSet<Uuid> {
    let db = stand.connect().await;
    let mut written = HashSet::new();
    for conversation in conversations {
        if enough.load(Ordering::SeqCst) {
            break;
        }
        db.script(&format!(
            "begin;
             select rolecall_edge.send_dm(jsonb_build_object(
               'claims', jsonb_build_object('sub', created_by, 'role', 'authenticated'),
               'request_id', 'sync', 'rollouts', '{{}}'::jsonb,
               'input', jsonb_build_object('conversation_id', id, 'content', 'Two')
             ))
             from rolecall.conversations where id = '{conversation}';
             select pg_sleep(random() * 0.03);
             commit;"
        ))
        .await;
        written.insert(*conversation);
    }
    written
}

#[tokio::test]
async fn who_reads_by_the_cursor_misses_nothing_whichever_commits_first_and_who_reads_by_id_does() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let all = conversations(&stand, &reader, (WRITERS * EACH) as i32).await;
    let (enough, finished) = (AtomicBool::new(false), AtomicBool::new(false));
    let write = async {
        let written = join_all(all.chunks(EACH).map(|own| write(&stand, own, &enough))).await;
        finished.store(true, Ordering::SeqCst);
        written.into_iter().flatten().collect::<HashSet<Uuid>>()
    };
    let read = async {
        let mut cursor = json!(null);
        let (mut by_cursor, mut by_id, mut last_id) = (HashSet::new(), HashSet::new(), Uuid::nil());
        let (mut reads, mut cards) = (0, 0);
        loop {
            let is_last = finished.load(Ordering::SeqCst) && reads >= READS;
            loop {
                let page = page(&stand, &reader, &cursor).await;
                for card in page.items("conversations") {
                    if card["last_seq"] == 2 {
                        by_cursor.insert(card["id"].as_str().unwrap().parse::<Uuid>().unwrap());
                        cards += 1;
                    }
                }
                cursor = page["cursor"].clone();
                if page["more"] == false {
                    break;
                }
            }
            // The same by the ids of the messages, which grow with the clock.
            let sql =
                "select coalesce(array_agg(conversation_id), '{}'), coalesce((array_agg(id order by id desc))[1], $1)
                from rolecall.messages where id > $1 and seq = 2 and conversation_id = any ($2)";
            let newer = stand.db.query_one(sql, &[&last_id, &all]).await.unwrap();
            by_id.extend(newer.get::<_, Vec<Uuid>>(0));
            last_id = newer.get(1);
            reads += 1;
            if reads == READS {
                enough.store(true, Ordering::SeqCst);
            }
            if is_last {
                return (by_cursor, by_id, reads, cards);
            }
        }
    };
    let (written, (by_cursor, by_id, reads, cards)) = tokio::join!(write, read);
    let missed = written.difference(&by_cursor).count();
    let missed_by_id = written.difference(&by_id).count();
    println!("{} commits, {reads} reads, {cards} cards: missed {missed}, by id {missed_by_id}", written.len());
    assert!(written.len() > 100, "they have written");
    assert_eq!(missed, 0, "of {} commits", written.len());
    assert!(missed_by_id > 0, "the test can tell the two apart");
}
