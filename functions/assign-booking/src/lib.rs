//! `assign-booking`: puts a booking of an organisation as the application plans it, and with it the window in which the
//! sitter writes with the client.

use rolecall_shared::{
    auth::caller::Staff,
    function::Function,
    input,
    rules::{
        form::Fault,
        id::{BookingId, ClientId, OrganizationId, UserId},
        limits::{NAME_CHARS, SERVICE_CHARS},
        vocabulary::BookingStatus,
    },
    wire::{list::Object, phone::PhoneNumber, text::Text, timestamp::Timestamp},
};

/// The function.
pub struct AssignBooking;

impl Function for AssignBooking {
    const NAME: &'static str = "assign-booking";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "assign_booking";
    type Caller = Staff;
    type Input = Booking;
}

input! {
    /// A booking as it is from now on: what is left out is not there.
    pub struct Booking {
        organization_id: Option<OrganizationId>,
        booking_id: BookingId,
        client: Object<Customer>,
        service: Text<1, SERVICE_CHARS>,
        starts_at: Timestamp,
        ends_at: Timestamp,
        recurring: Option<bool>,
        sitter_id: Option<UserId>,
        status: Option<BookingStatus>,
    }
    check ends_at: ends_after_start(starts_at, ends_at);
}

input! {
    /// A client of the organisation, by id; or by phone number, with a name.
    pub struct Customer {
        id: Option<ClientId>,
        display_name: Option<Text<1, NAME_CHARS>>,
        phone: Option<PhoneNumber>,
    }
    check id: by_id_or_by_phone(id, display_name, phone);
}

fn ends_after_start(starts_at: &Timestamp, ends_at: &Timestamp) -> Result<(), Fault> {
    if starts_at < ends_at {
        return Ok(());
    }
    Err(Fault::new("end_before_start", "A booking ends after its start."))
}

fn by_id_or_by_phone(
    id: &Option<ClientId>,
    display_name: &Option<Text<1, NAME_CHARS>>,
    phone: &Option<PhoneNumber>,
) -> Result<(), Fault> {
    match (id, display_name, phone) {
        (Some(_), None, None) | (None, Some(_), Some(_)) => Ok(()),
        _ => Err(Fault::new("either", "A client is named by id, or by display_name and phone.")),
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<AssignBooking>(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn faults(change: Value) -> Vec<String> {
        let mut body = json!({
            "booking_id": ID, "client": {"id": ID}, "service": "walk",
            "starts_at": "2030-01-31T09:00:00Z", "ends_at": "2030-01-31T10:00:00Z",
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let read = Fields::parse(body.to_string().as_bytes()).unwrap().read::<Booking>();
        read.err().map_or(Vec::new(), |refusal| {
            refusal
                .reasons
                .iter()
                .map(|reason| format!("{} {}", reason.field.as_deref().unwrap(), reason.code))
                .collect()
        })
    }

    #[test]
    fn a_client_is_named_in_one_way() {
        assert_eq!(faults(json!({})), [""; 0]);
        assert_eq!(faults(json!({"client": {"display_name": "Cara", "phone": "+12025550187"}})), [""; 0]);
        assert_eq!(faults(json!({"client": {"id": ID, "phone": null}})), [""; 0]);
        for client in [
            json!({}),
            json!({"id": null}),
            json!({"display_name": "Cara"}),
            json!({"phone": "+12025550187"}),
            json!({"id": ID, "phone": "+12025550187"}),
            json!({"id": ID, "display_name": "Cara"}),
        ] {
            assert_eq!(faults(json!({"client": client})), ["client.id either"], "{client}");
        }
        assert_eq!(faults(json!({"client": ID})), ["client wrong_type"]);
        assert_eq!(faults(json!({"client": null})), ["client required"]);
        assert_eq!(
            faults(json!({"client": {"display_name": "Cara", "phone": "202-555-0187", "email": "c@example.com"}})),
            ["client.phone malformed_phone", "client.email unknown_field"]
        );
    }

    #[test]
    fn a_booking_ends_after_its_start() {
        for (ends_at, expected) in [
            ("2030-01-31T09:00:00.000001Z", &[][..]),
            ("2030-01-31T11:00:00.000001+02:00", &[]),
            ("2030-01-31T09:00:00Z", &["ends_at end_before_start"]),
            ("2030-01-31T10:59:00+02:00", &["ends_at end_before_start"]),
        ] {
            assert_eq!(faults(json!({"ends_at": ends_at})), expected, "{ends_at}");
        }
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        let body = json!({
            "booking_id": ID, "client": {"id": ID}, "service": " walk ",
            "starts_at": "2030-01-31T10:00:00+01:00", "ends_at": "2030-01-31T10:00:00Z", "sitter_id": null,
        });
        let booking = Fields::parse(body.to_string().as_bytes()).unwrap().read::<Booking>().unwrap();
        assert_eq!(
            serde_json::to_value(&booking).unwrap(),
            json!({
                "booking_id": ID, "client": {"id": ID}, "service": "walk",
                "starts_at": "2030-01-31T09:00:00Z", "ends_at": "2030-01-31T10:00:00Z",
            })
        );
    }
}
