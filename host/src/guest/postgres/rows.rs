//! Rows on their way to a guest.

use super::pool::Lease;
use super::{error::query_failed, value};
use crate::guest::bindings::spin::postgres::postgres as wit;
use futures::{FutureExt, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;
use tokio_postgres::{RowStream, Statement};
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

/// Rows read before a query is answered; more follow as the guest asks for them.
pub const FIRST_ROWS: usize = 256;

/// The columns of a statement.
pub fn columns(statement: &Statement) -> Vec<wit::Column> {
    let column = |column: &tokio_postgres::Column| wit::Column {
        name: column.name().to_owned(),
        data_type: value::data_type(column.type_()),
    };
    statement.columns().iter().map(column).collect()
}

/// The rows of a query that has many.
pub struct Rows {
    first: Vec<wit::Row>,
    rest: Pin<Box<RowStream>>,
    /// Holds the connection until the last row.
    _lease: Arc<Lease>,
    result: Option<oneshot::Sender<Result<(), wit::Error>>>,
}

impl Rows {
    /// The rows, and how reading them ended.
    pub fn new(
        first: Vec<wit::Row>,
        rest: Pin<Box<RowStream>>,
        lease: Arc<Lease>,
    ) -> (Rows, impl Future<Output = wasmtime::Result<Result<(), wit::Error>>> + Send + 'static) {
        let (sender, result) = oneshot::channel();
        let rows = Rows { first, rest, _lease: lease, result: Some(sender) };
        // Nothing is sent when the guest does not want the rest, and that is no failure.
        (rows, result.map(|result| Ok(result.unwrap_or(Ok(())))))
    }

    fn end(&mut self, result: Result<(), wit::Error>) -> Poll<wasmtime::Result<StreamResult>> {
        if let Some(sender) = self.result.take() {
            // Nobody listens when the guest has dropped the result.
            let _ = sender.send(result);
        }
        Poll::Ready(Ok(StreamResult::Dropped))
    }
}

impl<D> StreamProducer<D> for Rows {
    type Item = wit::Row;
    type Buffer = VecBuffer<wit::Row>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if !self.first.is_empty() {
            destination.set_buffer(std::mem::take(&mut self.first).into());
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let next = self.rest.poll_next_unpin(context);
        if next.is_pending() && finish {
            return Poll::Ready(Ok(StreamResult::Cancelled));
        }
        let row = match ready!(next) {
            Some(Ok(row)) => value::row(&row),
            Some(Err(error)) => Err(query_failed(error)),
            None => return self.end(Ok(())),
        };
        match row {
            Ok(row) => {
                destination.set_buffer(vec![row].into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(error) => self.end(Err(error)),
        }
    }
}
