use super::*;

fn by(texts: &[&str]) -> Vec<By> {
    let read = |text: &&str| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    texts.iter().map(read).collect()
}

#[test]
fn parts_are_written_as_they_are_read() {
    for text in [
        "address",
        "network",
        "user",
        "token",
        "key",
        "pass",
        "route",
        "origin",
        "ip4/16",
        "ip4/32",
        "ip6/32",
        "ip6/128",
        "claim:tenant",
        "claim:realm_access.tenant",
        "claim:https://id.test/tenant",
        "header:x-tenant",
    ] {
        assert_eq!(by(&[text])[0].to_string(), text);
    }
    assert_eq!(by(&["header:X-Tenant"]), by(&["header:x-tenant"]));
    for (text, want) in [
        ("", ByError::Unknown(String::new())),
        ("Address", ByError::Unknown("Address".to_owned())),
        ("ip", ByError::Unknown("ip".to_owned())),
        ("address/24", ByError::Unknown("address/24".to_owned())),
        ("ip4/", ByError::Bits),
        ("ip4/15", ByError::Bits),
        ("ip4/33", ByError::Bits),
        ("ip4/024", ByError::Bits),
        ("ip4/+24", ByError::Bits),
        ("ip4/2４", ByError::Bits),
        ("ip6/31", ByError::Bits),
        ("ip6/129", ByError::Bits),
        ("ip6/384", ByError::Bits),
        ("claim:", ByError::Claim),
        ("claim: tenant", ByError::Claim),
        ("claim:a..b", ByError::Claim),
        ("header:", ByError::Header),
        ("header:x tenant", ByError::Header),
        ("header:x_tenant", ByError::Header),
        ("header:Authorization", ByError::Secret),
        ("header:cookie", ByError::Secret),
    ] {
        assert_eq!(text.parse::<By>(), Err(want), "{text}");
    }
}

#[test]
fn a_key_tells_callers_apart_by_what_they_cannot_choose() {
    for (parts, want) in [
        (&[][..], WhoseError::Shared),
        (&["route"], WhoseError::Shared),
        (&["claim:iss"], WhoseError::Shared),
        (&["claim:aud", "route"], WhoseError::Shared),
        (&["header:x-tenant"], WhoseError::Chosen),
        (&["origin"], WhoseError::Chosen),
        (&["route", "origin", "header:x-tenant"], WhoseError::Chosen),
        (&["claim:jti"], WhoseError::Chosen),
        (&["claim:nickname", "header:x-tenant"], WhoseError::Chosen),
        (&["address", "network"], WhoseError::Lengths),
        (&["ip4/24", "ip4/25"], WhoseError::Lengths),
        (&["ip6/48", "user", "ip6/56"], WhoseError::Lengths),
        (&["address", "address"], WhoseError::Twice),
        (&["address", "header:x-a", "header:X-A"], WhoseError::Twice),
    ] {
        assert_eq!(inspect(&by(parts)), Err(want), "{parts:?}");
    }
    for parts in [
        &["address"][..],
        &["network", "ip6/56"],
        &["ip4/28", "ip6/60"],
        &["user", "route"],
        &["token"],
        &["key"],
        &["pass"],
        &["claim:tenant"],
        &["address", "header:x-tenant"],
        &["user", "claim:nickname"],
        &["origin", "address"],
    ] {
        assert_eq!(inspect(&by(parts)), Ok(()), "{parts:?}");
    }
}
