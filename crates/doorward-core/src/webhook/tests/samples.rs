//! What the senders and their libraries publish.

use crate::webhook::Kind;

/// A published delivery.
pub(super) struct Sample {
    pub(super) kind: Kind,
    pub(super) secret: &'static str,
    pub(super) lines: Vec<(&'static str, &'static str)>,
    pub(super) signed_at: Option<u64>,
    pub(super) body: &'static str,
}

/// docs.github.com, "Validating webhook deliveries"; the id is made up.
pub(super) fn github() -> Sample {
    Sample {
        kind: Kind::GitHub,
        secret: "It's a Secret to Everybody",
        lines: vec![
            (
                "x-hub-signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
            ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ],
        signed_at: None,
        body: "Hello, World!",
    }
}

/// Stripe's documentation shows a header without its secret. This is from the tests of async-stripe
/// (arlyon/async-stripe, `src/resources/webhook_events.rs`, `test_webhook_construct_event`), which
/// has it, `v0` and all, from those of Stripe's library for .NET (`EventUtilityTest.cs`).
fn stripe() -> Sample {
    Sample {
        kind: Kind::Stripe,
        secret: "webhook_secret",
        lines: vec![(
            "stripe-signature",
            "t=1533204620,\
             v1=82216eca827bcb7b34b8055eb2d2d9e6bc13b9ac39ded14a61e69f70c565f53a,\
             v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef",
        )],
        signed_at: Some(1_533_204_620),
        body: STRIPE_BODY,
    }
}

const STRIPE_BODY: &str = r#"{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "ii_123",
      "object": "invoiceitem",
      "amount": 1000,
      "currency": "usd",
      "customer": "cus_123",
      "date": 1533204620,
      "description": "Test Invoice Item",
      "discountable": false,
      "invoice": "in_123",
      "livemode": false,
      "metadata": {},
      "period": {
        "start": 1533204620,
        "end": 1533204620
      },
      "proration": false,
      "quantity": 3
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "invoiceitem.created"
}
"#;

/// docs.slack.dev, "Verifying requests from Slack".
pub(super) fn slack() -> Sample {
    Sample {
        kind: Kind::Slack,
        secret: "8f742231b10e8888abcd99yyyzzz85a5",
        lines: vec![
            (
                "x-slack-signature",
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            ("x-slack-request-timestamp", "1531420618"),
        ],
        signed_at: Some(1_531_420_618),
        body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
               &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA\
               &user_name=roadrunner&command=%2Fwebhook-collect&text=\
               &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J\
               %2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
               &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    }
}

/// Shopify publishes none: this is from the tests of SQLPage ("Test Shopify webhook HMAC validation
/// with base64 output"). The id is made up.
pub(super) fn shopify() -> Sample {
    Sample {
        kind: Kind::Shopify,
        secret: "test-webhook-secret",
        lines: vec![
            ("x-shopify-hmac-sha256", "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw="),
            ("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ],
        signed_at: None,
        body: r#"{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}"#,
    }
}

/// docs.svix.com, "Verifying webhooks manually".
pub(super) fn standard() -> Sample {
    Sample {
        kind: Kind::StandardWebhooks,
        secret: "whsec_plJ3nmyCDGBKInavdOK15jsl",
        lines: vec![
            ("webhook-id", "msg_loFOjxBNrRLzqYUf"),
            ("webhook-timestamp", "1731705121"),
            ("webhook-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="),
        ],
        signed_at: Some(1_731_705_121),
        body: r#"{"event_type":"ping","data":{"success":true}}"#,
    }
}

pub(super) fn samples() -> [Sample; 5] {
    [github(), stripe(), slack(), shopify(), standard()]
}
