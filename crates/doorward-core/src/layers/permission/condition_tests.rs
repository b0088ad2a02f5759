use super::*;
use crate::parameter;

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
