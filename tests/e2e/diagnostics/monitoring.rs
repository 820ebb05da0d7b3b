//! Figures for the operator's monitoring: views in schema `rolecall_monitoring`, and the reports in the diagnostics.

use rolecall_e2e::{Db, Role, Setup, Stand, User};
use serde_json::Value;
use uuid::Uuid;

async fn view(db: &Db, name: &str) -> Vec<Value> {
    let sql = format!("select coalesce(jsonb_agg(to_jsonb(v)), '[]') from rolecall_monitoring.{name} as v");
    let rows: Value = db.one(&sql, &[]).await;
    rows.as_array().unwrap().clone()
}

async fn report(stand: &Stand, author: &User, reader: &User) -> Uuid {
    let message = stand.send_dm(author, reader, "Hello").expect(201).await.id("message_id");
    stand.report(reader, message, "Rude").expect(201).await.id("report_id")
}

#[tokio::test]
async fn pending_reports_are_counted_with_the_age_of_the_oldest() {
    let stand = Stand::own(Setup::new()).await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let organization = stand.organization().await;
    let owner = stand.user(Role::ShowOrganizer).await;
    stand.belongs(&owner, organization, Some("owner")).await;
    stand.belongs(&author, organization, None).await;
    stand.belongs(&reader, organization, None).await;
    let operator = stand.connect().await;
    operator.script("set role service_role").await;

    let none = view(&operator, "pending_reports").await;
    assert_eq!((none.len(), &none[0]["count"], &none[0]["oldest_at"]), (1, &Value::from(0), &Value::Null));
    let oldest = report(&stand, &author, &reader).await;
    report(&stand, &author, &reader).await;
    let age = "update rolecall.reported_messages set created_at = now() - interval '2 hours' where id = $1";
    stand.db.run(age, &[&oldest]).await;

    let pending = view(&operator, "pending_reports").await;
    assert_eq!(pending[0]["count"], 2);
    let age = pending[0]["oldest_age_seconds"].as_f64().unwrap();
    assert!((7200.0..7300.0).contains(&age), "{age}");
    let report = stand.diagnostics(&owner).expect(200).await;
    assert_eq!(report["reports"]["pending"], 2);
    let age = report["reports"]["oldest_age_seconds"].as_f64().unwrap();
    assert!((7200.0..7300.0).contains(&age), "{age}");

    stand.review(&moderator, oldest, "dismiss").expect(200).await;
    let pending = view(&operator, "pending_reports").await;
    assert_eq!(pending[0]["count"], 1);
    assert!(pending[0]["oldest_age_seconds"].as_f64().unwrap() < 3600.0);
    let by_status = view(&operator, "reports_by_status").await;
    let of = |status: &str| by_status.iter().find(|row| row["status"] == status).map(|row| row["reports"].clone());
    assert_eq!((of("pending"), of("dismissed")), (Some(1.into()), Some(1.into())), "{by_status:?}");
}

#[tokio::test]
async fn reports_of_other_organisations_are_not_in_the_diagnostics() {
    let stand = Stand::shared().await;
    let [author, reader, owner] = stand.users([Role::Admin, Role::Attendee, Role::ShowOrganizer]).await;
    let organization = stand.organization().await;
    stand.belongs(&owner, organization, Some("owner")).await;
    report(&stand, &author, &reader).await;
    let report = stand.diagnostics(&owner).expect(200).await;
    assert_eq!(report["reports"]["pending"], 0);
}

#[tokio::test]
async fn requests_and_resets_are_seen_by_the_operator() {
    let stand = Stand::own(Setup::new()).await;
    let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.send_dm(&author, &reader, "Hello").expect(201).await;
    stand.send_dm(&author, &author, "Hello").expect(403).await;
    stand.reset().expect(200).await;
    let operator = stand.connect().await;
    operator.script("set role service_role").await;
    let requests = view(&operator, "requests_last_hour").await;
    for code in ["ok", "permission_denied"] {
        let row = requests.iter().find(|row| row["function"] == "send-dm" && row["code"] == code);
        assert_eq!(row.map(|row| &row["requests"]), Some(&Value::from(1)), "{requests:?}");
    }
    let reset = view(&operator, "quota_reset").await;
    let today: String = stand.db.one("select rolecall_internal.quota_day(now())::text", &[]).await;
    assert_eq!(reset[0]["last_period"], Value::from(today), "{reset:?}");
}

#[tokio::test]
async fn nobody_but_the_operator_sees_the_views() {
    let stand = Stand::shared().await;
    let views =
        "select array_agg(viewname::text order by viewname) from pg_views where schemaname = 'rolecall_monitoring'";
    let views: Vec<String> = stand.db.one(views, &[]).await;
    assert!(views.len() >= 4, "{views:?}");
    for role in ["anon", "authenticated", "rolecall_edge"] {
        let db = stand.connect().await;
        db.script(&format!("set role {role}")).await;
        for view in &views {
            let refused = db.query(&format!("select * from rolecall_monitoring.{view}"), &[]).await.expect_err(view);
            assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{role} {view}");
        }
    }
}
