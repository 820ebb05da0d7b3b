//! The interface `spin:postgres`: connections from a pool per component and address, and one statement at a time.

#![allow(clippy::result_large_err, reason = "the interface's own error is as large as it is")]

mod error;
mod parameter;
pub mod pool;
mod rows;
mod value;

use crate::guest::bindings::spin::postgres::postgres as wit;
use crate::guest::state::{Guest, GuestState};
use futures::TryStreamExt;
use parameter::Parameter;
use pool::Lease;
use rows::{FIRST_ROWS, Rows};
use std::pin::{Pin, pin};
use std::sync::Arc;
use tokio_postgres::{RowStream, Statement};
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

/// A connection in a guest's hands: a resource of the interface.
pub struct Connection(Arc<Lease>);

/// The settings of a connection that is yet to be opened: a resource of the interface.
pub struct ConnectionBuilder {
    address: String,
    ca_root: Option<String>,
}

type Queried = (Vec<wit::Column>, StreamReader<wit::Row>, FutureReader<Result<(), wit::Error>>);

impl GuestState {
    fn lease(&self, connection: &Resource<Connection>) -> wasmtime::Result<Arc<Lease>> {
        Ok(self.table.get(connection)?.0.clone())
    }

    fn connection(&mut self, lease: Lease) -> wasmtime::Result<Resource<Connection>> {
        Ok(self.table.push(Connection(Arc::new(lease)))?)
    }

    async fn open_connection(
        &mut self,
        address: &str,
        ca_root: Option<&str>,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let component = self.component.clone();
        Ok(match component.pools.open(&component.allowed_hosts, address, ca_root).await {
            Ok(lease) => Ok(self.connection(lease)?),
            Err(error) => Err(error),
        })
    }
}

impl wit::Host for GuestState {}

impl wit::HostConnectionBuilder for GuestState {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<ConnectionBuilder>> {
        Ok(self.table.push(ConnectionBuilder { address, ca_root: None })?)
    }

    async fn set_ca_root(
        &mut self,
        builder: Resource<ConnectionBuilder>,
        certificate: String,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        self.table.get_mut(&builder)?.ca_root = Some(certificate);
        Ok(Ok(()))
    }

    async fn build(
        &mut self,
        builder: Resource<ConnectionBuilder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let ConnectionBuilder { address, ca_root } = self.table.get(&builder)?;
        let (address, ca_root) = (address.clone(), ca_root.clone());
        self.open_connection(&address, ca_root.as_deref()).await
    }

    async fn drop(&mut self, builder: Resource<ConnectionBuilder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl<T> wit::HostConnectionBuilderWithStore<T> for Guest {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        builder: Resource<ConnectionBuilder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let (address, ca_root) = accessor.with(|mut access| -> wasmtime::Result<_> {
            let ConnectionBuilder { address, ca_root } = access.get().table.get(&builder)?;
            Ok((address.clone(), ca_root.clone()))
        })?;
        open(accessor, &address, ca_root.as_deref()).await
    }
}

/// The forms of the interface that block the guest as a whole.
impl wit::HostConnection for GuestState {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        self.open_connection(&address, None).await
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> wasmtime::Result<Result<wit::RowSet, wit::Error>> {
        let lease = self.lease(&connection)?;
        Ok(lease.guarded(query_all(&lease, &statement, &parameters)).await)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        let lease = self.lease(&connection)?;
        Ok(lease.guarded(execute(&lease, &statement, &parameters)).await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

/// The forms of the interface that block one task of the guest.
impl<T> wit::HostConnectionWithStore<T> for Guest {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        open(accessor, &address, None).await
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> wasmtime::Result<Result<Queried, wit::Error>> {
        let lease = accessor.with(|mut access| access.get().lease(&connection))?;
        let queried = lease.guarded(query_first(&lease, &statement, &parameters)).await;
        let (statement, first, rest) = match queried {
            Ok(queried) => queried,
            Err(error) => return Ok(Err(error)),
        };
        let columns = rows::columns(&statement);
        accessor.with(|mut access| {
            let (rows, result) = match rest {
                // Nearly always: everything is here already.
                None => (
                    StreamReader::new(&mut access, first)?,
                    FutureReader::new(&mut access, std::future::ready(wasmtime::error::Ok(Ok(()))))?,
                ),
                Some(rest) => {
                    let (rows, result) = Rows::new(first, rest, lease);
                    (StreamReader::new(&mut access, rows)?, FutureReader::new(&mut access, result)?)
                }
            };
            Ok(Ok((columns, rows, result)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<wit::ParameterValue>,
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        let lease = accessor.with(|mut access| access.get().lease(&connection))?;
        Ok(lease.guarded(execute(&lease, &statement, &parameters)).await)
    }
}

async fn open<T>(
    accessor: &Accessor<T, Guest>,
    address: &str,
    ca_root: Option<&str>,
) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
    let component = accessor.with(|mut access| access.get().component.clone());
    match component.pools.open(&component.allowed_hosts, address, ca_root).await {
        Ok(lease) => accessor.with(|mut access| access.get().connection(lease)).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

/// Runs a statement and gives its rows as they arrive.
async fn start(
    lease: &Lease,
    statement: &str,
    parameters: &[wit::ParameterValue],
) -> Result<(Statement, RowStream), wit::Error> {
    let prepared = lease.prepare(statement).await.map_err(|error| lease.failed(error))?;
    let stream = lease.client().query_raw(&prepared, parameters.iter().map(Parameter)).await;
    Ok((prepared, stream.map_err(|error| lease.failed(error))?))
}

/// Runs a statement to its first rows; what comes after them is left in the stream.
async fn query_first(
    lease: &Lease,
    statement: &str,
    parameters: &[wit::ParameterValue],
) -> Result<(Statement, Vec<wit::Row>, Option<Pin<Box<RowStream>>>), wit::Error> {
    let (prepared, stream) = start(lease, statement, parameters).await?;
    let mut stream = Box::pin(stream);
    let mut first = Vec::new();
    while first.len() < FIRST_ROWS {
        match stream.try_next().await.map_err(|error| lease.failed(error))? {
            Some(row) => first.push(value::row(&row)?),
            None => return Ok((prepared, first, None)),
        }
    }
    Ok((prepared, first, Some(stream)))
}

async fn query_all(
    lease: &Lease,
    statement: &str,
    parameters: &[wit::ParameterValue],
) -> Result<wit::RowSet, wit::Error> {
    let (prepared, stream) = start(lease, statement, parameters).await?;
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(|error| lease.failed(error))? {
        rows.push(value::row(&row)?);
    }
    Ok(wit::RowSet { columns: rows::columns(&prepared), rows })
}

async fn execute(lease: &Lease, statement: &str, parameters: &[wit::ParameterValue]) -> Result<u64, wit::Error> {
    let prepared = lease.prepare(statement).await.map_err(|error| lease.failed(error))?;
    let executed = lease.client().execute_raw(&prepared, parameters.iter().map(Parameter)).await;
    executed.map_err(|error| lease.failed(error))
}
