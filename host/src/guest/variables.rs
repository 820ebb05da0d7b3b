//! The interface `spin:variables`: the variables that the manifest maps to the component.

use crate::guest::bindings::spin::variables::variables as wit;
use crate::guest::state::{Guest, GuestState};
use crate::manifest::variables::is_variable_name;
use wasmtime::component::Accessor;

impl wit::Host for GuestState {}

impl<T> wit::HostWithStore<T> for Guest {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, wit::Error>> {
        if !is_variable_name(&name) {
            return Ok(Err(wit::Error::InvalidName(format!("{name:?} is not a variable name"))));
        }
        Ok(accessor.with(|mut access| match access.get().component.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(wit::Error::Undefined(format!("no variable for {name:?}"))),
        }))
    }
}
