//! The lab's payment provider and code host: they sign what they deliver, each in its own way.

use crate::scenario::Sender;
use aws_lc_rs::hmac;
use doorward_core::moment::{Chance, RequestId};
use std::fmt::Write;

/// What both sign with, and the lab's gates know. It is of no use elsewhere.
pub(crate) const SECRET: &str = "whsec-of-the-lab-and-of-nobody-else";

/// The headers of a delivery.
pub(crate) fn sign(
    sender: Sender,
    body: &[u8],
    now_unix_s: u64,
    chance: &dyn Chance,
) -> Vec<(&'static str, String)> {
    match sender {
        Sender::Stripe => {
            let signed = [now_unix_s.to_string().as_bytes(), b".", body].concat();
            vec![("Stripe-Signature", format!("t={now_unix_s},v1={}", mac(&signed)))]
        }
        Sender::GitHub => vec![
            ("X-GitHub-Delivery", RequestId::draw(chance).text().as_str().to_owned()),
            ("X-Hub-Signature-256", format!("sha256={}", mac(body))),
        ],
    }
}

fn mac(bytes: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::sign(&key, bytes).as_ref().iter().fold(String::new(), |mut out, byte| {
        // Writing into a text does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
