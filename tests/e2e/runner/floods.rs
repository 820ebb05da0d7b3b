//! One hostile client without a token, and the others meanwhile.

use rolecall_e2e::{Role, Setup, Stand};
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn messages_and_health_pass_beside_half_sent_bodies() {
    // Fewer places than hostile requests; and one address may hold all connections, as the others have it too.
    let flags = Setup::new().flag("--max-in-flight", "8").flag("--max-per-address", "100000");
    let stand = Stand::own(flags).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let address = stand.runner().address().trim_start_matches("http://").to_owned();
    let half = "POST /functions/v1/send-dm HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let mut flood = Vec::new();
    for at in 0..1000 {
        let mut socket = TcpStream::connect(&address).await.unwrap();
        socket.write_all(half.as_bytes()).await.unwrap();
        flood.push(socket);
        if at % 250 == 249 {
            stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
            stand.get("/api/health").expect(200).await;
            stand.get("send-dm").expect(200).await;
        }
    }
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 4);
}
