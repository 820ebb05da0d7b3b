//! Answers that are sent page by page.

use super::{
    database,
    exchange::Exchange,
    serve::{Body, Received, receive},
};
use crate::{
    function::{Function, PathParameters, component_of},
    rules::code::Code,
    spin::settings::Settings,
    wire::{
        answer,
        cors::Cors,
        envelope::{Call, Claims},
        lines::{self, Lines, Page},
        refusal::{Limit, Refusal},
    },
};
use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use http::{Method, Response};
use http_body::Frame;
use http_body_util::{Either, StreamBody};
use spin_sdk::http::{FullBody, Request};
use std::{convert::Infallible, pin::Pin, rc::Rc};

/// The pages of an answer, as a stream.
pub type Pages = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>>>>;

/// Answers a request with lines, sent page by page: the statement is sent once for each page, and only when the page
/// before it is on its way, so that memory does not grow with the answer. A refusal of the first page is an answer like
/// any other; a fault after it is the last line.
pub async fn serve_lines<F: Function<Input = Page>>(request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut exchange = Exchange::begin(component_of(F::NAME), Some(F::NAME), &parts);
    let settings = match exchange.settings().await {
        Ok(settings) => settings,
        Err(refusal) => return exchange.conclude(&Cors::any(), &parts, Err(refusal)),
    };
    let path = PathParameters::of(&parts.headers);
    let admitted = match receive::<F>(&mut exchange, &settings, &parts, path, body).await {
        Ok(Received::Admitted(admitted)) => admitted,
        Ok(Received::Answered(response)) => return exchange.conclude(&settings.cors, &parts, Ok(response)),
        Err(refusal) => return exchange.conclude(&settings.cors, &parts, Err(refusal)),
    };
    let asked = Asked { statement: const { F::STATEMENT.as_str() }, reads: F::READS, claims: admitted.claims };
    match page(&mut exchange, &settings, asked, &admitted.input).await {
        Ok((first, limits)) => {
            let mut head = answer::lines(&limits, &exchange.request_id);
            settings.cors.apply(&parts.headers, head.headers_mut());
            if parts.method == Method::HEAD {
                exchange.log(None);
                return head.map(|()| Either::Left(FullBody::new(Bytes::new())));
            }
            let next = Next::Lines(first);
            let pages = PageByPage { exchange, settings, asked, lines: 0, next, outcome: Err(None) };
            let stream = unfold(pages, async |mut pages| pages.next().await.map(|text| (Ok(Frame::data(text)), pages)));
            head.map(|()| Either::Right(StreamBody::new(Box::pin(stream) as Pages)))
        }
        Err(refusal) => exchange.conclude(&settings.cors, &parts, Err(refusal)),
    }
}

/// What is the same for every page of an answer.
#[derive(Clone, Copy)]
struct Asked {
    statement: &'static str,
    reads: bool,
    claims: Claims,
}

/// An answer of many lines that is being sent.
struct PageByPage {
    exchange: Exchange,
    settings: Rc<Settings>,
    asked: Asked,
    /// Lines that have been sent.
    lines: u64,
    next: Next,
    /// For the log: whether the answer came to its end, or why not.
    outcome: Result<(), Option<Code>>,
}

/// The next piece of an answer of many lines.
enum Next {
    /// The first page, which was read before the answer began.
    Lines(Lines),
    /// A page that is still to be read from the database.
    Page(Page),
    /// The last line.
    End,
    Nothing,
}

/// The lines of a page, and the limits to report with them.
async fn page(
    exchange: &mut Exchange,
    settings: &Settings,
    asked: Asked,
    input: &Page,
) -> Result<(Lines, Vec<Limit>), Refusal> {
    let Asked { statement, reads, claims } = asked;
    let request_id = exchange.request_id.clone();
    let call =
        Call { claims, request_id: &request_id, idempotency_key: None, rollouts: &settings.rollouts, reads, input };
    let done = database::query(exchange, settings, statement, &call).await?;
    let lines =
        Lines::of(&done).ok_or_else(|| exchange.broken(format!("{statement}: the page has an unexpected form")))?;
    Ok((lines, done.limits))
}

impl PageByPage {
    async fn page(&mut self, input: &Page) -> Result<Lines, Refusal> {
        let PageByPage { exchange, settings, asked, .. } = self;
        page(exchange, settings, *asked, input).await.map(|(lines, _)| lines)
    }

    /// The next piece of the answer.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let lines = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Lines(lines) => lines,
                Next::Page(input) => match self.page(&input).await {
                    Ok(lines) => lines,
                    Err(refusal) => {
                        self.outcome = Err(Some(refusal.code));
                        return Some(lines::failure(&refusal, self.lines));
                    }
                },
                Next::End => {
                    self.outcome = Ok(());
                    return Some(lines::end(self.lines));
                }
                Next::Nothing => return None,
            };
            self.lines += lines.count;
            self.next = lines.next.map_or(Next::End, Next::Page);
            if !lines.text.is_empty() {
                return Some(lines.text);
            }
        }
    }
}

impl Drop for PageByPage {
    fn drop(&mut self) {
        let code = match self.outcome {
            Ok(()) => None,
            Err(Some(code)) => Some(code),
            Err(None) => {
                self.exchange.cause = Some("the client went away before the end".to_owned());
                None
            }
        };
        self.exchange.log(code);
    }
}
