//! The identity provider of the tests itself: what it tells of tokens, how it binds and ends them,
//! and how its keys change.

use doorward_test::identity_provider::{
    AUDIENCE, IdentityProvider, OPAQUE_AUDIENCE, TokenOptions, part,
};
use http::StatusCode;
use serde_json::Value;
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn text<'v>(said: &'v Value, name: &str) -> Outcome<&'v str> {
    said[name].as_str().ok_or_else(|| format!("no {name} in {said}").into())
}

/// What tests of opaque and of bound tokens rely on.
#[tokio::test]
async fn the_provider_tells_of_tokens_ends_them_and_binds_them() -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let options = TokenOptions {
        audience: Some(OPAQUE_AUDIENCE),
        user: Some("ann"),
        scope: "openid read",
        ..TokenOptions::default()
    };
    let tokens = provider.tokens(options).await?;
    let opaque = text(&tokens, "access_token")?;
    assert!(!opaque.contains('.'), "{opaque}");
    let said = provider.introspect(opaque).await?;
    for (name, want) in [
        ("active", Value::Bool(true)),
        ("sub", "ann".into()),
        ("aud", OPAQUE_AUDIENCE.into()),
        ("iss", provider.issuer().into()),
        ("scope", "read".into()),
        ("token_type", "Bearer".into()),
    ] {
        assert_eq!(said[name], want, "{name} in {said}");
    }
    assert!(said["exp"].is_u64(), "{said}");
    let inactive = serde_json::json!({ "active": false });
    assert_eq!(provider.introspect("made-up").await?, inactive);
    assert_eq!(provider.revoke(opaque).await?, StatusCode::OK);
    assert_eq!(provider.introspect(opaque).await?, inactive);
    let asked = (provider.asked("introspection").await?, provider.asked("revocation").await?);
    assert_eq!(asked, (3, 1));

    // A JWT of a user's, and an opaque token of a program's.
    for (audience, user) in [(AUDIENCE, Some("ann")), (OPAQUE_AUDIENCE, None)] {
        let key = provider.bound_key().await?;
        let proof = Some(key.proof.as_str());
        let audience = Some(audience);
        let options = TokenOptions { audience, user, proof, ..TokenOptions::default() };
        let tokens = provider.tokens(options).await?;
        assert_eq!(tokens["token_type"], "DPoP");
        let token = text(&tokens, "access_token")?;
        let claims = match user {
            Some(_) => part(token, 1)?,
            None => provider.introspect(token).await?,
        };
        assert_eq!(claims["cnf"]["jkt"], key.thumbprint.as_str(), "{claims}");
        assert!(key.pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    }
    Ok(())
}

#[tokio::test]
async fn the_provider_publishes_new_keys_then_uses_them_then_forgets_the_old() -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let key_of = |token: String| -> Outcome<Value> { Ok(part(&token, 0)?["kid"].take()) };
    assert_eq!(key_of(provider.token().await?)?, "es-1");
    provider.publish_keys().await?;
    assert_eq!(key_of(provider.token().await?)?, "es-1");
    provider.use_keys().await?;
    assert_eq!(key_of(provider.token().await?)?, "es-2");
    provider.retire_keys().await?;
    assert_eq!(key_of(provider.token().await?)?, "es-2");
    provider.rotate().await?;
    assert_eq!(key_of(provider.token().await?)?, "es-3");
    assert!(provider.mood("elsewhere", "hangs").await.is_err());
    assert!(provider.asked("elsewhere").await.is_err());
    Ok(())
}
