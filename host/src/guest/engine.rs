//! The WebAssembly engine: its settings, the cache of compiled components, and what a component is linked with.

use crate::guest::bindings::spin;
use crate::guest::state::{Guest, GuestState};
use crate::guest::vitals::TICK;
use std::path::{Path, PathBuf};
use wasmtime::component::{Component, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// Why a component cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine cannot be set up: the processor is not supported, or the cache directory is not usable.
    #[error("setting up the WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// There is no such file.
    #[error("component {component}: cannot read {}: {source} (has it been built?)", path.display())]
    Unreadable {
        /// The component.
        component: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no component, or one of an older SDK.
    #[error("component {component}: {} is not a component that can be served: {reason}", path.display())]
    NotAComponent {
        /// The component.
        component: String,
        /// The file.
        path: PathBuf,
        /// What the engine says.
        reason: String,
    },
    /// The component imports something the runner does not have, or exports no handler.
    #[error(
        "component {component} does not fit the one-machine runner, which serves HTTP handlers of spin-sdk 7 with \
         outbound HTTP, Postgres and variables: {reason}"
    )]
    DoesNotFit {
        /// The component.
        component: String,
        /// What the engine says.
        reason: String,
    },
}

/// Creates the engine. It keeps compiled components in `cache`, a private directory. Their file names are a hash of their
/// content and everything the compilation depends on.
///
/// # Errors
/// The processor is not supported, or the cache directory is not usable.
pub fn engine(cache: &Path) -> Result<Engine, LoadError> {
    configured(cache).map_err(LoadError::Engine)
}

fn configured(cache: &Path) -> wasmtime::Result<Engine> {
    let mut cache_config = CacheConfig::new();
    cache_config.with_directory(cache);
    // What has been loaded often would be compressed again, better, in 200 MiB of memory beside the requests.
    cache_config.with_optimized_compression_usage_counter_threshold(u64::MAX);
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.cache(Some(Cache::new(cache_config)?));
    let engine = Engine::new(&config)?;
    advance_epoch(&engine)?;
    Ok(engine)
}

/// Advances the engine's epoch for as long as the engine exists.
fn advance_epoch(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(())
}

/// Everything a component may import.
///
/// # Errors
/// Two interfaces of the same name, which the SDK's packages do not have.
pub fn linker(engine: &Engine) -> Result<Linker<GuestState>, LoadError> {
    linked(engine).map_err(LoadError::Engine)
}

fn linked(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    spin::postgres::postgres::add_to_linker::<_, Guest>(&mut linker, |state| state)?;
    spin::variables::variables::add_to_linker::<_, Guest>(&mut linker, |state| state)?;
    Ok(linker)
}

/// Compiles a component, or finds it compiled, and links it.
///
/// # Errors
/// The file does not exist, is no component, or wants what the runner does not have.
pub fn load(linker: &Linker<GuestState>, name: &str, path: &Path) -> Result<ProxyPre<GuestState>, LoadError> {
    let bytes = std::fs::read(path).map_err(|source| LoadError::Unreadable {
        component: name.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    let component = Component::new(linker.engine(), bytes).map_err(|error| LoadError::NotAComponent {
        component: name.to_owned(),
        path: path.to_owned(),
        reason: format!("{error:#}"),
    })?;
    let linked = linker.instantiate_pre(&component).and_then(ServicePre::new);
    linked
        .map(ProxyPre::P3)
        .map_err(|error| LoadError::DoesNotFit { component: name.to_owned(), reason: format!("{error:#}") })
}
