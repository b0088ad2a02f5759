//! A real shared cache: Varnish.

use crate::browser::{Outcome, within};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running Varnish, with a folder of its own.
pub struct Varnish {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Varnish {
    /// Starts it before `behind`. Its key leaves one parameter out: the mark by which the lab tells
    /// its steps apart.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(name: &str, behind: SocketAddr) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("doorward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let port = behind.port();
        let vcl = format!(
            r#"vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
sub vcl_hash {{
    hash_data(regsub(req.url, "[?&]lab=[0-9.]+", ""));
    hash_data(req.http.host);
    return (lookup);
}}
"#
        );
        let file = folder.join("lab.vcl");
        std::fs::write(&file, vcl)?;
        // It takes no free port by itself and says nothing of it: the one that is free now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new("varnishd")
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .args(["-F", "-j", "none", "-s", "malloc,16m", "-a", &address.to_string()])
            .arg("-n")
            .arg(folder.join("work"))
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("varnishd does not start: {error}"))?;
        let own = Self { child, folder, address };
        within("varnishd to listen", async {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
        Ok(own)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it with its worker.
    ///
    /// # Errors
    /// When it cannot be told, or its folder stays.
    pub async fn stop(mut self) -> Outcome<()> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        }
        self.child.wait().await?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
