//! A pooler for many databases, such as Supabase's, is told which by a suffix of the login: `rolecall_edge.<ref>`.

use super::support::{Server, get, refused, start};
use rolecall_kit::runner::Start;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

const SUFFIX: &str = ".abcdefgh";

/// Listens as a pooler in session mode: takes the suffix off each login, and nobody in without it. Gives its port.
async fn pooler(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // Who hangs up is no concern of the pooler's.
            tokio::spawn(async move { pass_on(client, to).await.ok() });
        }
    });
    port
}

async fn pass_on(mut client: TcpStream, to: u16) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    let mut startup = vec![0; length as usize - 4];
    client.read_exact(&mut startup).await?;
    let text: Vec<&[u8]> = startup[4..].split(|byte| *byte == 0).collect();
    let user = text.iter().position(|name| *name == b"user").map(|at| text[at + 1]).unwrap_or_default();
    let Some(server_user) = user.strip_suffix(SUFFIX.as_bytes()) else {
        let message = b"SFATAL\0VFATAL\0CXX000\0MTenant or user not found\0\0";
        client.write_u8(b'E').await?;
        client.write_u32(message.len() as u32 + 4).await?;
        return client.write_all(message).await;
    };
    let mut passed = startup[..4].to_vec();
    for (index, part) in text[..text.len() - 1].iter().enumerate() {
        let is_user = index > 0 && text[index - 1] == b"user" && index % 2 == 1;
        passed.extend_from_slice(if is_user { server_user } else { part });
        passed.push(0);
    }
    let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
    server.write_u32(passed.len() as u32 + 4).await?;
    server.write_all(&passed).await?;
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

#[tokio::test]
async fn the_functions_log_in_through_the_administrators_pooler() {
    let server = Server::start().await;
    let port = pooler(server.cluster.port()).await;
    let through = |url: &str, user: &str| {
        let url = url.replace(&format!(":{}/", server.cluster.port()), &format!(":{port}/"));
        url.replace("postgres://postgres:", &format!("postgres://{user}:"))
    };
    // The runner migrates, sets the password (a SCRAM verifier) and finds the functions' name by itself.
    let admin = through(&server.admin_url(), &format!("postgres{SUFFIX}"));
    let runner = start(Start::new().environment("DATABASE_URL", &admin)).await.unwrap();
    let line = runner.line("which database it is", |line| line["event"] == "database");
    assert_eq!(line["user"], format!("rolecall_edge{SUFFIX}"));
    assert_eq!(get(&runner, "/api/health").await.status, 200);
    drop(runner);

    // And by hand.
    rolecall_database::set_edge_password(&server.admin_url(), "secret").await.unwrap();
    let edge = |user: &str| format!("postgres://{user}:secret@127.0.0.1:{port}/app?sslmode=disable");
    let given =
        |user: &str| Start::new().environment("DATABASE_URL", &admin).environment("EDGE_DATABASE_URL", &edge(user));
    let runner = start(given(&format!("rolecall_edge{SUFFIX}"))).await.unwrap();
    assert_eq!(get(&runner, "/api/health").await.status, 200);
    let said = refused(given("rolecall_edge")).await;
    assert!(said.contains("Tenant or user not found"), "{said}");
}
