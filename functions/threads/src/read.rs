//! POST :id/read: marks a thread as read by the caller, up to a message.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::ThreadId, limits::MAX_SEQ},
    wire::{number::Integer, path_id::PathId},
};

/// The function.
pub struct MarkRead;

input! {
    /// How far the caller has read; to the newest message if it does not say.
    pub struct ReadThread {
        thread_id: PathId<ThreadId>,
        up_to_seq: Option<Integer<0, MAX_SEQ>>,
    }
}

impl Function for MarkRead {
    const NAME: &'static str = "threads.read";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "mark_thread_read";
    type Caller = User;
    type Input = ReadThread;
}
