//! Sentinels: who knows which of several servers is the primary.

use super::{Opened, repeated};
use doorward_core::remote::RemoteAt;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, Value};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Opens a connection to wherever it is told.
pub type DialAt =
    Arc<dyn Fn(RemoteAt) -> Pin<Box<dyn Future<Output = Opened> + Send>> + Send + Sync>;

/// One Sentinel is waited for so long: the others may know as well.
const SENTINEL_WAIT: Duration = Duration::from_millis(500);

/// Opens a connection to the server that these Sentinels call the primary, asked one after the
/// other until one of them knows. Each time anew: it may be another one by now.
pub async fn open_primary(dial: DialAt, sentinels: Vec<RemoteAt>, primary: String) -> Opened {
    let mut why = Vec::new();
    for sentinel in &sentinels {
        let found = timeout(SENTINEL_WAIT, ask(&dial, sentinel, &primary)).await;
        match found.unwrap_or_else(|_| Err("it does not answer".to_owned())) {
            Ok(at) => return dial(at).await,
            Err(error) => why.push(format!("{}: {error}", named(sentinel))),
        }
    }
    Err(format!("no Sentinel knows the primary {primary}: {}", why.join("; ")))
}

async fn ask(dial: &DialAt, sentinel: &RemoteAt, primary: &str) -> Result<RemoteAt, String> {
    let stream = dial(sentinel.clone()).await?;
    let login = RedisConnectionInfo::default().set_skip_set_lib_name();
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connecting = MultiplexedConnection::new_with_config(&login, stream, config);
    let (mut connection, driver) = connecting.await.map_err(|error| repeated(&error))?;
    tokio::spawn(driver);
    let command = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(primary).take();
    let said = connection.req_packed_command(&command).await.map_err(|error| repeated(&error))?;
    at(&said, sentinel).ok_or_else(|| "it does not know it".to_owned())
}

/// What a Sentinel says: a host and a port. TLS is spoken there as it is here.
fn at(said: &Value, sentinel: &RemoteAt) -> Option<RemoteAt> {
    let RemoteAt::Port { is_tls, .. } = sentinel else { return None };
    let Value::Array(said) = said else { return None };
    let [Value::BulkString(host), Value::BulkString(port)] = said.as_slice() else { return None };
    let host = String::from_utf8(host.clone()).ok().filter(|host| !host.is_empty())?;
    let port = std::str::from_utf8(port).ok()?.parse().ok().filter(|port| *port > 0)?;
    Some(RemoteAt::Port { host: host.to_ascii_lowercase(), port, is_tls: *is_tls })
}

fn named(at: &RemoteAt) -> String {
    match at {
        RemoteAt::Port { host, port, .. } => format!("{host}:{port}"),
        RemoteAt::Socket(path) => path.clone(),
    }
}
