//! What an operator sees of a running gate: the facts of one refusal, by its id.

use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_proxy::Proxy;
use doorward_proxy::settings::AdminSettings;
use doorward_test::quiet_proxy;
use doorward_test::running_gate::program;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const TOKEN: &str = "a-token-for-this-test-only";

fn start() -> Outcome<Proxy> {
    let gate = doorward_core::gate::Gate::new(&Settings::public());
    let gate = gate.map_err(|errors| format!("{errors:?}"))?;
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    Ok(quiet_proxy::start(nobody, gate, |settings| {
        let (listen, token) = (settings.listen, Secret::new(TOKEN));
        settings.admin = Some(AdminSettings { listen, hosts: Vec::new(), token });
    })?)
}

fn explain(id: &str, admin: &str, token: &str) -> Outcome<Output> {
    let mut command = Command::new(program()?);
    command.args(["explain", id, "--admin", admin, "--token", "env:TOKEN_OF_THE_TEST"]);
    Ok(command.env("TOKEN_OF_THE_TEST", token).output()?)
}

#[test]
fn a_refusal_of_the_running_gate_is_explained_by_its_id() -> Outcome<()> {
    let proxy = start()?;
    let mut socket = TcpStream::connect(proxy.address())?;
    socket.write_all(
        b"POST /pay?card=4111 HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test\r\n\
          Authorization: Bearer hunter2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let (_, after) = answer.split_once("\"id\":\"").ok_or("an id")?;
    let id = after.get(..24).ok_or("24 digits")?;
    let admin = format!("http://{}", proxy.admin_address().ok_or("an admin listener")?);
    let output = explain(id, &admin, TOKEN)?;
    let text = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in ["POST /pay?card=...", "origin: https://evil.test", "site/cross-site  403"] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(!text.contains("hunter2") && !text.contains("4111"), "{text}");
    // Whoever has no token, asks for another id, or at an address where nobody is, hears why.
    for (id, admin, token, says) in [
        (id, admin.as_str(), "not-the-token-of-the-test", "the token is not"),
        ("0123456789abcdef01234567", &admin, TOKEN, "no request with the id"),
        (id, "http://127.0.0.1:1", TOKEN, "cannot reach"),
        (id, "https://127.0.0.1:1", TOKEN, "begins with http://"),
    ] {
        let output = explain(id, admin, token)?;
        let talk = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(3), "{talk}");
        assert!(talk.contains(says), "{says:?} in {talk}");
        assert!(!talk.contains(token), "{talk}");
    }
    proxy.stop();
    Ok(())
}
