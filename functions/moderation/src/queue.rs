//! GET queue: the reports that the caller may review, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{id::ShowId, limits::MAX_PAGE, vocabulary::ReportStatus},
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct Queue;

input! {
    /// A page of the queue.
    pub struct QueuePage {
        limit: Limit<MAX_PAGE>,
        status: Option<ReportStatus>,
        show_id: Option<ShowId>,
        cursor: Option<Cursor>,
    }
}

impl Function for Queue {
    const NAME: &'static str = "moderation.queue";
    const ENTRY: &'static str = "moderation_queue";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = QueuePage;
}
