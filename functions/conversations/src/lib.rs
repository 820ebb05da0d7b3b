//! `conversations`: inbox, messages and their changes, unread counts, marking messages as read or
//! unread, and what users set for a conversation: muted, archived, pinned.

mod changes;
mod inbox;
mod mark_read;
mod mark_unread;
mod messages;
mod settings;
mod unread;

pub use changes::Changes;
pub use inbox::Inbox;
pub use mark_read::MarkRead;
pub use mark_unread::MarkUnread;
pub use messages::Messages;
pub use settings::Settings;
pub use unread::Unread;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_at, serve_nothing},
    };
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<Inbox>(request).await,
        ["settings"] => serve::<Settings>(request).await,
        ["unread"] => serve::<Unread>(request).await,
        [id, "changes"] => serve_at::<Changes>(request, id).await,
        [id, "messages"] => serve_at::<Messages>(request, id).await,
        [id, "read"] => serve_at::<MarkRead>(request, id).await,
        [id, "unread"] => serve_at::<MarkUnread>(request, id).await,
        _ => serve_nothing("conversations", request).await,
    }
}
