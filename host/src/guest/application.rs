//! An application put together: its components loaded, linked, and behind their routes.

use crate::guest::context::ComponentContext;
use crate::guest::engine::{self, LoadError};
use crate::guest::instance::{InstanceLimits, Service};
use crate::guest::postgres::pool::{OwnDatabase, PoolSettings, Pools};
use crate::guest::state::GuestState;
use crate::log::Log;
use crate::manifest::allowed_hosts::{AllowedHosts, OutboundError};
use crate::manifest::route::Router;
use crate::manifest::variables::{VariableError, Variables};
use crate::manifest::{Component, Manifest};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime_wasi_http::handler::ProxyPre;

/// Why a component's part of the manifest cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("component {component}: {problem}")]
pub struct ComponentError {
    component: String,
    problem: ComponentProblem,
}

#[derive(Debug, thiserror::Error)]
enum ComponentProblem {
    #[error(transparent)]
    Variables(#[from] VariableError),
    #[error(transparent)]
    AllowedHosts(#[from] OutboundError),
}

/// The components of an application, compiled and linked.
pub struct Loaded {
    engine: Engine,
    components: BTreeMap<String, ProxyPre<GuestState>>,
}

impl Loaded {
    /// Compiles what is not in the cache, which takes every processor and some seconds.
    ///
    /// # Errors
    /// A component that is not there or does not fit.
    pub fn load(manifest: &Manifest, cache: &Path) -> anyhow::Result<Loaded> {
        let engine = engine::engine(cache)?;
        let linker = engine::linker(&engine)?;
        let mut components = BTreeMap::new();
        // Each in a thread: compiling uses all processors anyway, and what is cached is read side by side.
        let loaded: Vec<_> = std::thread::scope(|scope| {
            let load = |(name, component): (&'_ String, &'_ Component)| {
                let (linker, name, source) = (&linker, name.clone(), component.source.clone());
                scope.spawn(move || -> Result<_, LoadError> {
                    Ok((name.clone(), engine::load(linker, &name, &source)?))
                })
            };
            let threads: Vec<_> = manifest.components.iter().map(load).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        for result in loaded {
            let (name, linked) = result.map_err(|_| anyhow::anyhow!("the compiler panicked"))??;
            components.insert(name, linked);
        }
        Ok(Loaded { engine, components })
    }

    /// Puts the components behind their routes.
    ///
    /// # Errors
    /// A template that cannot be resolved, or an entry of `allowed_outbound_hosts` that is not understood.
    pub fn into_services(
        self,
        manifest: Manifest,
        variables: &Variables,
        limits: InstanceLimits,
        pool_settings: PoolSettings,
        own_database: Option<&Arc<OwnDatabase>>,
        log: &Log,
    ) -> Result<Services, ComponentError> {
        let Loaded { engine, mut components } = self;
        let mut services: HashMap<String, Arc<Service>> = HashMap::new();
        let mut with_database = None;
        for (name, component) in manifest.components {
            let pools = Pools::new(pool_settings, own_database.cloned());
            let context = context(&name, component, variables, pools);
            let context = Arc::new(context.map_err(|problem| ComponentError { component: name.clone(), problem })?);
            if context.variables.contains_key("database_url") {
                with_database.get_or_insert_with(|| context.clone());
            }
            // `load` has put every component of the manifest there.
            if let Some(linked) = components.remove(&name) {
                services.insert(name, Service::new(&engine, context, linked, limits, log));
            }
        }
        let routes = manifest.routes.into_iter();
        let routes = routes.filter_map(|(route, name)| Some((route, services.get(&name)?.clone()))).collect();
        Ok(Services { router: Router::new(routes), services: services.into_values().collect(), with_database })
    }
}

/// An application that can be served.
pub struct Services {
    /// The way to the services.
    pub router: Router<Arc<Service>>,
    /// The services themselves.
    pub services: Vec<Arc<Service>>,
    /// A component that has the database.
    pub with_database: Option<Arc<ComponentContext>>,
}

fn context(
    name: &str,
    component: Component,
    variables: &Variables,
    pools: Pools,
) -> Result<ComponentContext, ComponentProblem> {
    let allowed = component.allowed_outbound_hosts.iter();
    let allowed =
        allowed.map(|entry| variables.resolve(entry, "allowed_outbound_hosts")).collect::<Result<Vec<_>, _>>()?;
    let allowed_hosts = AllowedHosts::parse(&allowed)?;
    let resolve = |(name, template): (String, String)| {
        let value = variables.resolve(&template, &format!("variable {name}"))?;
        Ok::<_, VariableError>((name, value))
    };
    Ok(ComponentContext {
        name: name.to_owned(),
        variables: component.variables.into_iter().map(resolve).collect::<Result<_, _>>()?,
        environment: component.environment,
        allowed_hosts,
        pools,
    })
}
