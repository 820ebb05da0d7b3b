//! What all instances of a component share.

use crate::guest::postgres::pool::Pools;
use crate::manifest::allowed_hosts::AllowedHosts;
use std::collections::HashMap;

/// What all instances of a component share.
pub struct ComponentContext {
    /// The component's name in the manifest.
    pub name: String,
    /// The variables it sees.
    pub variables: HashMap<String, String>,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
    /// Where it may connect to.
    pub allowed_hosts: AllowedHosts,
    /// Its database connections.
    pub pools: Pools,
}
