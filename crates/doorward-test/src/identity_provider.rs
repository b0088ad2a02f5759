//! A real identity provider, npm's `oidc-provider`, on a free port of 127.0.0.1:
//! `scripts/identity-provider.mjs`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

/// How long the provider may take to say anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What its tokens are for where nothing else is said: signed by ES256.
pub const AUDIENCE: &str = "https://api.test";
/// The same, signed by RS256.
pub const RSA_AUDIENCE: &str = "https://rsa.api.test";
/// What opaque tokens are for.
pub const OPAQUE_AUDIENCE: &str = "https://opaque.api.test";
/// The client whose access tokens live for an hour.
pub const CLIENT: &str = "shop";
/// The client whose access tokens live for a second.
pub const BRIEF_CLIENT: &str = "brief";
/// The client that the gate is: it asks about tokens.
pub const GATE_CLIENT: &str = "gate";

/// What goes wrong with a process is told in words.
type Failure = Box<dyn Error + Send + Sync>;

/// A running identity provider. Dropping it ends it.
pub struct IdentityProvider {
    issuer: String,
    secret: String,
    address: SocketAddr,
    pipe: Mutex<Pipe>,
    _child: Child,
}

struct Pipe {
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

/// For whom a token is, for what, and whether it is bound to a key.
#[derive(Clone, Copy, Debug)]
pub struct TokenOptions<'o> {
    /// The client that asks for it.
    pub client: &'o str,
    /// The resource (RFC 8707), which is its audience; none: the provider's own, opaque.
    pub audience: Option<&'o str>,
    /// Who signs in; none: the client itself.
    pub user: Option<&'o str>,
    /// What it may do.
    pub scope: &'o str,
    /// A proof of a key that it is bound to (RFC 9449).
    pub proof: Option<&'o str>,
}

impl Default for TokenOptions<'_> {
    fn default() -> Self {
        Self {
            client: CLIENT,
            audience: Some(AUDIENCE),
            user: None,
            scope: "openid read write",
            proof: None,
        }
    }
}

/// A key of a client's own.
#[derive(Clone, Debug)]
pub struct BoundKey {
    /// What it proves at the token endpoint, once.
    pub proof: String,
    /// Its thumbprint (RFC 7638).
    pub thumbprint: String,
    /// The private key, in PEM (PKCS 8).
    pub pem: String,
}

impl IdentityProvider {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    ///
    /// When there is no node, no folder of packages, or it ends before it listens.
    pub async fn start() -> Result<Self, Failure> {
        let packages = std::env::var_os("DOORWARD_PROVIDER_PACKAGES").map(PathBuf::from);
        let packages =
            packages.ok_or("DOORWARD_PROVIDER_PACKAGES names no folder: run `cargo xtask test`")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/identity-provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(packages).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("node does not start: {error}"))?;
        let to = child.stdin.take().ok_or("the provider has no stdin")?;
        let stdout = child.stdout.take().ok_or("the provider has no stdout")?;
        let mut pipe = Pipe { to, from: BufReader::new(stdout).lines() };
        let said = pipe.hear().await?;
        let issuer = text(&said, "issuer")?;
        let address = issuer.strip_prefix("http://").ok_or("its issuer is no address")?.parse()?;
        let secret = text(&said, "secret")?;
        Ok(Self { issuer, secret, address, pipe: Mutex::new(pipe), _child: child })
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where its keys are.
    #[must_use]
    pub fn jwks(&self) -> String {
        format!("{}/jwks", self.issuer)
    }

    /// Where it is asked about a token (RFC 7662).
    #[must_use]
    pub fn introspection(&self) -> String {
        format!("{}/token/introspection", self.issuer)
    }

    /// The secret of every client, by HTTP Basic (RFC 6749 2.3.1).
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// An access token for a client itself, of ES256.
    ///
    /// # Errors
    ///
    /// When there is none to be had.
    pub async fn token(&self) -> Result<String, Failure> {
        text(&self.tokens(TokenOptions::default()).await?, "access_token")
    }

    /// An access token of a user's, of ES256.
    ///
    /// # Errors
    ///
    /// When there is none to be had.
    pub async fn token_of(&self, user: &str) -> Result<String, Failure> {
        let options = TokenOptions { user: Some(user), ..TokenOptions::default() };
        text(&self.tokens(options).await?, "access_token")
    }

    /// What the token endpoint answers: `access_token`, `id_token` of a user who signs in, and so
    /// on (RFC 6749 5.1).
    ///
    /// # Errors
    ///
    /// When it is no success.
    pub async fn tokens(&self, options: TokenOptions<'_>) -> Result<Value, Failure> {
        let resource = options.audience.map(|audience| ("resource", audience));
        let scope = ("scope", options.scope);
        let signed_in;
        let mut form = match options.user {
            None => vec![("grant_type", "client_credentials"), scope],
            Some(user) => {
                let mut query = vec![("user", user), ("client", options.client), scope];
                query.extend(resource);
                let path = format!("/sign-in?{}", encoded(&query));
                let (_, said) = self.send("GET", &path, &[], String::new()).await?;
                signed_in = (text(&said, "code")?, text(&said, "redirect_uri")?);
                let (code, back) = (signed_in.0.as_str(), signed_in.1.as_str());
                vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back)]
            }
        };
        form.extend(resource);
        let proof = options.proof.map(|proof| ("dpop", proof));
        let (status, said) = self.post("/token", options.client, &form, proof.as_slice()).await?;
        if status == StatusCode::OK { Ok(said) } else { Err(format!("{status}: {said}").into()) }
    }

    /// What it says of a token to the client that the gate is (RFC 7662 2.2).
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn introspect(&self, token: &str) -> Result<Value, Failure> {
        Ok(self.post("/token/introspection", GATE_CLIENT, &[("token", token)], &[]).await?.1)
    }

    /// The same as a signed answer (RFC 9701): a JWT that is no access token.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn introspect_signed(&self, token: &str) -> Result<String, Failure> {
        let accept = [("accept", "application/token-introspection+jwt")];
        let form = [("token", token)];
        let said = self.post("/token/introspection", GATE_CLIENT, &form, &accept).await?.1;
        Ok(said.as_str().ok_or_else(|| format!("no signed answer: {said}"))?.to_owned())
    }

    /// Ends a token before its time (RFC 7009).
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn revoke(&self, token: &str) -> Result<StatusCode, Failure> {
        Ok(self.post("/token/revocation", CLIENT, &[("token", token)], &[]).await?.0)
    }

    /// A fresh key of a client's own, with a proof for the token endpoint.
    ///
    /// # Errors
    ///
    /// When the provider has ended.
    pub async fn bound_key(&self) -> Result<BoundKey, Failure> {
        let said = self.ask(json!({ "do": "proof" })).await?;
        let (proof, thumbprint) = (text(&said, "proof")?, text(&said, "jkt")?);
        Ok(BoundKey { proof, thumbprint, pem: text(&said, "pem")? })
    }

    /// Publishes new keys, which sign nothing yet.
    ///
    /// # Errors
    ///
    /// When the provider has ended.
    pub async fn publish_keys(&self) -> Result<(), Failure> {
        self.ask(json!({ "do": "publish" })).await.map(drop)
    }

    /// Signs with what was published last. The old keys are published still.
    ///
    /// # Errors
    ///
    /// When the provider has ended.
    pub async fn use_keys(&self) -> Result<(), Failure> {
        self.ask(json!({ "do": "use" })).await.map(drop)
    }

    /// Forgets the old keys.
    ///
    /// # Errors
    ///
    /// When the provider has ended.
    pub async fn retire_keys(&self) -> Result<(), Failure> {
        self.ask(json!({ "do": "retire" })).await.map(drop)
    }

    /// A whole rotation at once: new keys, and no old ones.
    ///
    /// # Errors
    ///
    /// When the provider has ended.
    pub async fn rotate(&self) -> Result<(), Failure> {
        self.publish_keys().await?;
        self.use_keys().await?;
        self.retire_keys().await
    }

    /// How an endpoint answers from now on: `well`, `slow`, `hangs`, `closes`, `redirects`,
    /// `fails`, `long` (10 MB) or `nonsense`. The endpoints are those of [`Self::asked`].
    ///
    /// # Errors
    ///
    /// When there is no such endpoint.
    pub async fn mood(&self, endpoint: &str, mood: &str) -> Result<(), Failure> {
        let command = json!({ "do": "mood", "endpoint": endpoint, "mood": mood });
        self.ask(command).await.map(drop)
    }

    /// How often an endpoint was asked: `jwks`, `token`, `introspection`, `revocation` or
    /// `discovery`.
    ///
    /// # Errors
    ///
    /// When there is no such endpoint.
    pub async fn asked(&self, endpoint: &str) -> Result<u64, Failure> {
        let said = self.ask(json!({ "do": "asked" })).await?;
        said[endpoint].as_u64().ok_or_else(|| format!("no endpoint {endpoint}").into())
    }

    async fn ask(&self, command: Value) -> Result<Value, Failure> {
        let mut pipe = self.pipe.lock().await;
        pipe.to.write_all(format!("{command}\n").as_bytes()).await?;
        let mut answer = pipe.hear().await?;
        match answer.get("error") {
            Some(error) => Err(format!("the provider does not do {command}: {error}").into()),
            None => Ok(answer["said"].take()),
        }
    }

    async fn post(
        &self,
        path: &str,
        client: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<(StatusCode, Value), Failure> {
        let basic = BASE64_STANDARD.encode(format!("{client}:{}", self.secret));
        let basic = format!("Basic {basic}");
        let form_type = "application/x-www-form-urlencoded";
        let own = [("authorization", basic.as_str()), ("content-type", form_type)];
        self.send("POST", path, &[&own, headers].concat(), encoded(form)).await
    }

    /// The status, and the answer: JSON, or else its text.
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(StatusCode, Value), Failure> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong shows in the answer.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, self.address.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let answer = tokio::time::timeout(PATIENCE, sender.send_request(request)).await??;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
    }
}

impl Pipe {
    async fn hear(&mut self) -> Result<Value, Failure> {
        let line = tokio::time::timeout(PATIENCE, self.from.next_line()).await;
        let line = line.map_err(|_| "the provider says nothing")??;
        Ok(serde_json::from_str(&line.ok_or("the provider has ended")?)?)
    }
}

fn text(said: &Value, name: &str) -> Result<String, Failure> {
    let text = said[name].as_str().ok_or_else(|| format!("no {name} in {said}"))?;
    Ok(text.to_owned())
}

/// Pairs as a form has them, every letter but the plain ones encoded.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        let _ = write!(out, "{}{name}=", if out.is_empty() { "" } else { "&" });
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A part of a JWT, read without looking at its signature: 0 is the header, 1 the claims.
///
/// # Errors
///
/// When it is no JWT.
pub fn part(token: &str, number: usize) -> Result<Value, Failure> {
    let part = token.split('.').nth(number).ok_or("it has no such part")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part)?)?)
}
