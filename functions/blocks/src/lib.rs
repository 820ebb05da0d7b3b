//! `blocks`: the users that the caller has blocked. A block stops direct messages both ways, from the next request on.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{id::UserId, limits::MAX_PAGE},
    wire::{cursor::Cursor, number::Limit},
};

/// GET: lists the caller's blocks, the newest first.
pub struct List;

/// POST block: the caller blocks a user.
pub struct Block;

/// POST unblock: the caller unblocks a user.
pub struct Unblock;

input! {
    /// A page of the list.
    pub struct BlocksPage {
        limit: Limit<MAX_PAGE>,
        cursor: Option<Cursor>,
    }
}

input! {
    /// The user to block or unblock.
    pub struct BlockedUser {
        blocked_id: UserId,
    }
}

impl Function for List {
    const NAME: &'static str = "blocks.list";
    const ENTRY: &'static str = "blocks";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = BlocksPage;
}

impl Function for Block {
    const NAME: &'static str = "blocks.block";
    const ENTRY: &'static str = "block_user";
    const CREATES: bool = true;
    type Caller = User;
    type Input = BlockedUser;
}

impl Function for Unblock {
    const NAME: &'static str = "blocks.unblock";
    const ENTRY: &'static str = "unblock_user";
    type Caller = User;
    type Input = BlockedUser;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_nothing},
    };
    const COMPONENT: &str = "blocks";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<List>(request).await,
        ["block"] => serve::<Block>(request).await,
        ["unblock"] => serve::<Unblock>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
