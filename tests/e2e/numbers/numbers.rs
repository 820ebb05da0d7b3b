//! The masked numbers of organisations: the operator adds, releases and lists them.

use rolecall_e2e::{Call, Code, Stand, token};
use rolecall_kit::agency::phone;
use serde_json::{Value, json};
use uuid::Uuid;

/// A request of the operator.
fn operate(stand: &Stand, operation: &str, body: &Value) -> Call {
    stand.post(&format!("numbers/{operation}"), body).token(&token::operator())
}

/// A page of the numbers of an organisation.
fn list(stand: &Stand, organization: Uuid, query: &str) -> Call {
    stand.get(&format!("numbers?organization_id={organization}{query}")).token(&token::operator())
}

fn masked(e164: &str) -> String {
    format!("[phone …{}]", &e164[e164.len() - 4..])
}

#[tokio::test]
async fn a_number_is_added_listed_and_released_by_its_last_four_digits() {
    let stand = Stand::shared().await;
    let organization = stand.organization().await;
    let e164 = phone();
    let body = json!({"organization_id": organization, "phone": e164, "class": "front_desk"});
    let added = operate(&stand, "add", &body).expect(201).await;
    assert_eq!(
        (&added["phone"], &added["class"], &added["status"]),
        (&json!(masked(&e164)), &json!("front_desk"), &json!("active"))
    );
    let listed = list(&stand, organization, "").expect(200).await;
    assert_eq!(listed.items("numbers").len(), 1);
    assert_eq!(listed["numbers"][0]["number_id"], added["number_id"]);
    assert_eq!(list(&stand, organization, "&class=pool").expect(200).await.items("numbers").len(), 0);
    let own = json!({"organization_id": organization, "number_id": added["number_id"]});
    let released = operate(&stand, "release", &own).expect(200).await;
    assert_eq!((&released["status"], &released["moved_threads"]), (&json!("released"), &json!(0)));
    assert_eq!(operate(&stand, "release", &own).expect(200).await["status"], "released", "a repetition is answered");
    assert_eq!(list(&stand, organization, "").expect(200).await.items("numbers").len(), 0);
    for answer in [&added.body, &listed.body, &released.body] {
        assert!(!answer.to_string().contains(&e164[1..]), "{answer}");
    }
    // A number that left may come to another organisation.
    let elsewhere = json!({"organization_id": stand.organization().await, "phone": e164, "class": "pool"});
    operate(&stand, "add", &elsewhere).expect(201).await;
}

#[tokio::test]
async fn a_repetition_with_its_key_is_answered_and_not_repeated() {
    let stand = Stand::shared().await;
    let organization = stand.organization().await;
    let body = json!({"organization_id": organization, "phone": phone(), "class": "pool"});
    let first = operate(&stand, "add", &body).key("a number").expect(201).await;
    let again = operate(&stand, "add", &body).key("a number").expect(201).await;
    assert_eq!(first["number_id"], again["number_id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!({"organization_id": organization, "phone": phone(), "class": "pool"});
    operate(&stand, "add", &other).key("a number").expect(422).await.refused(Code::IdempotencyConflict);
    assert_eq!(stand.db.count("rolecall.message_numbers where organization_id = $1", &[&organization]).await, 1);
}

#[tokio::test]
async fn a_conflict_is_named_and_changes_nothing() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let other = stand.agency_without_flags().await;
    let conflicts = [
        ("front_desk", phone(), None, "front_desk_exists"),
        ("sitter", phone(), Some(agency.sitter.id), "sitter_has_number"),
        ("pool", agency.pool.e164.clone(), None, "number_in_use"),
        ("pool", other.front_desk.e164.clone(), None, "number_in_use"),
        ("sitter", other.sitter_number.e164.clone(), Some(agency.other_sitter.id), "number_in_use"),
    ];
    for (class, e164, sitter, rule) in conflicts {
        let body = json!({"organization_id": agency.organization, "phone": e164, "class": class, "sitter_id": sitter});
        let refusal = operate(&stand, "add", &body).expect(409).await.refused_by(Code::NumberInUse, rule);
        assert!(!refusal.body.to_string().contains(&e164[1..]), "{refusal:?}");
    }
    let numbers = "rolecall.message_numbers where organization_id = $1";
    assert_eq!(stand.db.count(numbers, &[&agency.organization]).await, 3);
}

#[tokio::test]
async fn what_has_another_form_is_refused_and_not_repeated() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let add = json!({"organization_id": agency.organization, "phone": "+12025550111", "class": "pool"});
    let sitter = agency.sitter.id;
    let faults = [
        (json!({"phone": "(202) 555-0111"}), "phone", "malformed_phone"),
        (json!({"phone": "2025550111"}), "phone", "malformed_phone"),
        (json!({"phone": 12025550111_u64}), "phone", "wrong_type"),
        (json!({"phone": null}), "phone", "required"),
        (json!({"class": "desk"}), "class", "unknown_value"),
        (json!({"organization_id": "x"}), "organization_id", "malformed_uuid"),
        (json!({"sitter_id": sitter}), "sitter_id", "sitter_of_class"),
        (json!({"class": "sitter"}), "sitter_id", "sitter_of_class"),
        (json!({"number": "2025550111"}), "number", "unknown_field"),
    ];
    for (change, field, code) in faults {
        let mut body = add.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refusal = operate(&stand, "add", &body).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)]);
        assert!(!refusal.words().contains("555"), "{refusal:?}");
    }
    operate(&stand, "release", &json!({})).expect(400).await.refused(Code::ValidationError);
    stand.get("numbers").token(&token::operator()).expect(400).await.refused(Code::ValidationError);
    list(&stand, agency.organization, "&class=desk").expect(400).await.refused(Code::ValidationError);
    list(&stand, agency.organization, "&cursor=x").expect(400).await.refused(Code::ValidationError);
    let cursor = format!("&cursor=-1.{}", Uuid::nil());
    list(&stand, agency.organization, &cursor).expect(400).await.refused(Code::InvalidInput);
    let numbers = "rolecall.message_numbers where organization_id = $1";
    assert_eq!(stand.db.count(numbers, &[&agency.organization]).await, 3);
}

#[tokio::test]
async fn only_the_operator_manages_numbers_and_never_those_of_another_organisation() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let other = stand.agency_without_flags().await;
    let add = json!({"organization_id": agency.organization, "phone": phone(), "class": "pool"});
    let release = json!({"organization_id": agency.organization, "number_id": agency.pool.id});
    for user in [&agency.owner, &agency.admin, &agency.sitter, &agency.client_user, &other.owner] {
        for (operation, body) in [("add", &add), ("release", &release)] {
            let call = stand.post(&format!("numbers/{operation}"), body).by(user);
            call.expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
        }
        let path = format!("numbers?organization_id={}", agency.organization);
        stand.get(&path).by(user).expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
    }
    stand.post("numbers/add", &add).expect(401).await.refused(Code::Unauthenticated);
    stand.post("numbers/release", &release).expect(401).await.refused(Code::Unauthenticated);
    stand.get("numbers").expect(401).await.refused(Code::Unauthenticated);

    let nowhere = Uuid::new_v4();
    let unknown = [
        ("add", json!({"organization_id": nowhere, "phone": phone(), "class": "pool"})),
        (
            "add",
            json!({
                "organization_id": agency.organization, "phone": phone(), "class": "sitter", "sitter_id": other.sitter.id,
            }),
        ),
        ("release", json!({"organization_id": agency.organization, "number_id": other.pool.id})),
        ("release", json!({"organization_id": nowhere, "number_id": agency.pool.id})),
        ("release", json!({"organization_id": agency.organization, "number_id": nowhere})),
    ];
    for (operation, body) in &unknown {
        operate(&stand, operation, body).expect(404).await.refused(Code::NotFound);
    }
    list(&stand, nowhere, "").expect(404).await.refused(Code::NotFound);
    let active = "rolecall.message_numbers where organization_id = any ($1) and status = 'active'";
    let both = [agency.organization, other.organization];
    assert_eq!(stand.db.count(active, &[&both.as_slice()]).await, 6);
}

#[tokio::test]
async fn numbers_are_listed_by_class_and_load_page_by_page() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let busy = stand.number(agency.organization, "pool", None).await;
    stand.thread(agency.organization, &agency.client, &busy).await;
    let expected = [agency.front_desk.id, agency.sitter_number.id, busy.id, agency.pool.id];
    let all = list(&stand, agency.organization, "").expect(200).await;
    let ids: Vec<Uuid> =
        all.items("numbers").iter().map(|number| number["number_id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(ids, expected);
    assert_eq!(all["numbers"][2]["open_threads"], 1);
    let mut cursor = String::new();
    for id in expected {
        let page = list(&stand, agency.organization, &format!("&limit=1{cursor}")).expect(200).await;
        assert_eq!(page["numbers"][0]["number_id"], json!(id));
        cursor = page["next_cursor"].as_str().map_or_else(String::new, |next| format!("&cursor={next}"));
    }
    assert_eq!(cursor, "", "the last page has no next");
}

#[tokio::test]
async fn threads_leave_a_number_that_is_released_or_it_stays() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    let release = |number: Uuid| json!({"organization_id": agency.organization, "number_id": number});
    let released = operate(&stand, "release", &release(agency.sitter_number.id)).expect(200).await;
    assert_eq!((&released["status"], &released["moved_threads"]), (&json!("resting"), &json!(1)));
    let number = "select number_id from rolecall.message_threads where id = $1";
    assert_eq!(stand.db.one::<Uuid>(number, &[&thread]).await, agency.front_desk.id);

    let stays = operate(&stand, "release", &release(agency.front_desk.id)).expect(409).await;
    stays.refused_by(Code::NoNumberAvailable, "no_other_number");
    assert_eq!(stand.db.one::<Uuid>(number, &[&thread]).await, agency.front_desk.id);
    let active = "rolecall.message_numbers where id = $1 and status = 'active' and released_at is null";
    assert_eq!(stand.db.count(active, &[&agency.front_desk.id]).await, 1);
}
