use super::*;
use crate::parameter;
use cel::common::types::{CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use std::collections::HashMap;

fn parse(source: &str) -> Result<Condition, RuleError> {
    let parameters = parameter::of_path("/shops/{shop:int}/users/{id}").expect("a path");
    Condition::parse(source, &parameters)
}

#[test]
fn only_what_is_listed_can_be_said() {
    for good in [
        "true",
        "caller.subject == path.id",
        "path.shop == caller.claims.shop",
        "caller.claims.is_admin",
        "caller.claims['https://x.test/roles'].exists(r, r == 'a')",
        "has(caller.claims.tenant) && caller.claims.tenant == 'acme'",
        "'a' in caller.roles || 'b' in caller.scopes",
        "caller.roles.all(r, r.startsWith('team-'))",
        "caller.scopes.exists_one(s, s.endsWith(':write'))",
        "request.method in ['GET', 'HEAD'] ? true : 'admin' in caller.roles",
        "!(request.query.dry == '1') && size(caller.roles) < 3",
        "caller.subject == 'user:' + string(path.shop)",
        "caller.claims.list[0] == 1",
        "has(request.query.dry)",
        "caller.roles.exists(a, a == 'x') && caller.roles.exists(a, a == 'y')",
    ] {
        assert!(parse(good).is_ok(), "{good}: {:?}", parse(good).map(drop));
    }
    for (bad, said) in [
        ("", "no expression"),
        ("caller.subject ==", "no expression at line 1, column 18"),
        ("true &&\n  (false", "no expression at line 2"),
        ("caller.name == 'a'", "`caller.name`"),
        ("user.id == 'a'", "`user`"),
        ("user == 'a'", "`user`"),
        ("caller == caller", "`caller`"),
        ("caller.claims == caller.claims", "`caller.claims`"),
        ("caller.claims[caller.subject] == 1", "`caller.claims`"),
        ("path.name == 'a'", "`path.name`"),
        ("request.headers.x == 'a'", "`request.headers.x`"),
        ("request.query == 'a'", "`request.query`"),
        ("caller.subject.matches('a+')", "`matches`"),
        ("now() > 1", "`now`"),
        ("1 * 2 == 2", "`*`"),
        ("caller.roles.map(r, r) == []", "map"),
        ("caller.roles.filter(r, true) == []", "map"),
        ("caller.roles.exists(a, caller.roles.exists(b, a == b))", "within another"),
        ("caller.roles.exists(caller, true)", "already means"),
        ("{'a': 1}.a == 1", "maps"),
        ("caller.subject", "x"),
        ("'yes'", "neither true nor false"),
        ("size(caller.roles)", "neither true nor false"),
        ("has(caller.subject)", "`caller.subject`"),
        ("caller.?subject == 'a'", "no expression"),
        ("'1'+'2'+'3'+'4'+'5'+'6'+'7'+'8'+'9'+'0' == 'a'", "more than 8"),
    ] {
        match parse(bad) {
            // What a name stands for shows only when a request comes.
            Ok(_) => assert_eq!(bad, "caller.subject"),
            Err(error) => assert!(error.what.contains(said), "{bad}: {}", error.what),
        }
    }
}

#[test]
fn nothing_that_is_written_brings_the_reader_down() {
    for part in ["(", "[", "{", "!", "-", "- ", "a.", "1?1:", "a&&", "f(", "x[", "'", "\"", "{a:"] {
        let deep = part.repeat(WHEN_BYTES_MAX / part.len());
        assert!(parse(&deep).is_err(), "{part}");
        assert!(parse(&format!("{}true", deep.get(..400).unwrap_or(&deep))).is_err(), "{part}");
    }
    let chain = format!("caller{}", ".a".repeat(2_000));
    assert!(parse(&chain).is_err());
    let steps = format!("caller.claims.a{}", "[0]".repeat(1_300));
    assert!(parse(&steps).is_err());
    let long = format!("true{}", " ".repeat(WHEN_BYTES_MAX));
    assert!(parse(&long).is_err_and(|error| error.what.contains("4 KiB")));
    let wide = vec!["caller.subject == 'a'"; 150].join(" || ");
    assert!(wide.len() < WHEN_BYTES_MAX && parse(&wide).is_ok());
}

/// Values of every kind, by the number of a name.
struct Anything;

impl VariableResolver for Anything {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let number: usize = variable.strip_prefix('$')?.parse().ok()?;
        Some(match number % 6 {
            0 => CowVal::owned(CelString::from("ann \u{e9}\u{1f600}")),
            1 => {
                let own: [Box<dyn Val>; 3] = [
                    Box::new(CelString::from("admin")),
                    Box::new(CelInt::from(i64::MIN)),
                    Box::new(CelList::from(Vec::new())),
                ];
                CowVal::owned(CelList::from(Vec::from(own)))
            }
            2 => CowVal::owned(CelInt::from(i64::MAX)),
            3 => {
                let member: Box<dyn Val> = Box::new(CelBool::from(true));
                let members = HashMap::from([(CelMapKey::from("a"), member)]);
                CowVal::owned(CelMap::from(members))
            }
            4 => CowVal::owned(CelNull),
            _ => return None,
        })
    }
}

#[test]
fn no_expression_brings_the_gate_down() {
    const PARTS: &[&str] = &[
        "caller.subject",
        "caller.roles",
        "caller.claims.a",
        "caller.claims.b",
        "path.shop",
        "path.id",
        "has(caller.claims.c)",
        "request.query.q",
        "'a'",
        "'\u{1f600}'",
        "''",
        "0",
        "-1",
        "9223372036854775807",
        "1.5",
        "18446744073709551615u",
        "true",
        "false",
        "null",
        "[1, 'a']",
        "r",
        " == ",
        " != ",
        " in ",
        " && ",
        " || ",
        " < ",
        " >= ",
        " + ",
        " ? ",
        " : ",
        "!",
        "-",
        "(",
        ")",
        "[",
        "]",
        ", ",
        ".startsWith(",
        ".contains(",
        "size(",
        "string(",
        "int(",
        ".exists(r, ",
        ".all(r, ",
        ".exists_one(r, ",
        ".a",
        "b'\\xff'",
        "{",
        "}",
        "'",
        "\n",
        "//",
    ];
    // SplitMix64, from a fixed seed: the same expressions each time.
    let mut state = 20_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 27)) >> 33).unwrap_or(0) % below
    };
    let (mut read, mut told) = (0, 0);
    for _ in 0..40_000 {
        let parts: Vec<&str> = (0..=draw(9)).map(|_| PARTS[draw(PARTS.len())]).collect();
        let Ok(condition) = parse(&parts.concat()) else { continue };
        read += 1;
        told += usize::from(condition.run(&Anything).is_some());
    }
    assert!(read > 200 && told > 50 && told < read, "{told} of {read}");
}
