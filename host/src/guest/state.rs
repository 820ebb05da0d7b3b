//! The state of one instance: its WASI context, its limits, and where it may connect to.

use crate::guest::context::ComponentContext;
use crate::guest::outbound_http::OutboundHttp;
use crate::guest::vitals::{End, Vitals};
use crate::log::{Log, Stream};
use std::sync::Arc;
use wasmtime::ResourceLimiter;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Table elements one instance may have; a component of a megabyte has a few thousand.
const MAX_TABLE_ELEMENTS: usize = 200_000;

/// The data of an instance's store.
pub struct GuestState {
    /// The component it is an instance of.
    pub component: Arc<ComponentContext>,
    /// The host's resources that the guest has handles of.
    pub table: ResourceTable,
    /// Its linear memory.
    pub memory: MemoryLimit,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: OutboundHttp,
}

/// The marker through which host functions reach [`GuestState`].
pub struct Guest;

impl HasData for Guest {
    type Data<'a> = &'a mut GuestState;
}

impl GuestState {
    /// The state of a new instance.
    pub fn new(component: Arc<ComponentContext>, log: &Log, max_memory: usize, vitals: Arc<Vitals>) -> GuestState {
        let wasi = WasiCtx::builder()
            .stdout(log.guest(Stream::Stdout))
            .stderr(log.guest(Stream::Stderr))
            .envs(&component.environment)
            .build();
        GuestState {
            outbound: OutboundHttp::new(component.clone()),
            component,
            table: ResourceTable::new(),
            memory: MemoryLimit { used: 0, max: max_memory, vitals },
            wasi,
            http: WasiHttpCtx::new(),
        }
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// Bounds the linear memory of an instance, all its memories together.
pub struct MemoryLimit {
    used: usize,
    max: usize,
    vitals: Arc<Vitals>,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.max {
            // The guest is told that there is no more. Most die of it, and then this is why.
            self.vitals.record_cause(End::Memory);
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}
