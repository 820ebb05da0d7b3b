//! POST add: gives an organisation a number.

use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::{
        form::Fault,
        id::{OrganizationId, UserId},
        vocabulary::NumberClass,
    },
    wire::phone::PhoneNumber,
};

/// The function.
pub struct Add;

input! {
    /// A number, and for whom it is.
    pub struct NewNumber {
        organization_id: OrganizationId,
        phone: PhoneNumber,
        class: NumberClass,
        sitter_id: Option<UserId>,
    }
    check sitter_id: sitter_of_class(class, sitter_id);
}

fn sitter_of_class(class: &NumberClass, sitter_id: &Option<UserId>) -> Result<(), Fault> {
    if (*class == NumberClass::Sitter) == sitter_id.is_some() {
        return Ok(());
    }
    Err(Fault::new("sitter_of_class", "A number of the class sitter names its sitter, and no other does."))
}

impl Function for Add {
    const NAME: &'static str = "numbers.add";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "add_number";
    const CREATES: bool = true;
    type Caller = Operator;
    type Input = NewNumber;
}
