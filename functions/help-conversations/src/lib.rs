//! `help-conversations`: the conversations that offers of help began, and where the app's own (V1) were adopted, those:
//! reading them, answering, marking as read, and ending them.

mod cancel;
mod complete;
mod conversation;
mod list;
mod position;
mod read;
mod send;

pub use cancel::Cancel;
pub use complete::Complete;
pub use conversation::Conversation;
pub use list::List;
pub use read::MarkRead;
pub use send::SendMessage;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::{Intent, SubPath, Verb},
        spin::{serve, serve_at, serve_nothing},
    };
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<List>(request).await,
        [id] => serve_at::<Conversation>(request, id).await,
        // One path for reading and writing; the answer to any other method names both.
        [id, "messages"] if matches!(Verb::Get.intent(request.method()), Intent::Call) => {
            serve_at::<Conversation>(request, id).await
        }
        [id, "messages"] => serve_at::<SendMessage>(request, id).await,
        [id, "read"] => serve_at::<MarkRead>(request, id).await,
        [id, "complete"] => serve_at::<Complete>(request, id).await,
        [id, "cancel"] => serve_at::<Cancel>(request, id).await,
        _ => serve_nothing("help-conversations", request).await,
    }
}
