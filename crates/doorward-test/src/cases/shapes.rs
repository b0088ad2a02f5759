//! The schema and the documents that cases name.

/// A document of which so many operations are that its schemas are read when they are needed.
const OPERATIONS: usize = 201;

/// A file by its name.
pub(super) fn file(name: &str) -> Option<Vec<u8>> {
    match name {
        "transfer.json" => Some(include_bytes!("shapes/transfer.json").to_vec()),
        "shop.yaml" => Some(include_bytes!("shapes/shop.yaml").to_vec()),
        "large.json" => Some(large().into_bytes()),
        _ => None,
    }
}

/// A large document with one schema that cannot be read.
fn large() -> String {
    let wrong = r#"{"content":{"application/json":{"schema":{"$ref":"https://x.test/y"}}}}"#;
    let right = r#"{"content":{"application/json":{"schema":{"type":"object"}}}}"#;
    let paths: Vec<String> = (0..OPERATIONS)
        .map(|n| {
            let body = if n == 0 { wrong } else { right };
            format!(r#""/large/{n}":{{"post":{{"requestBody":{body}}}}}"#)
        })
        .collect();
    format!(r#"{{"openapi":"3.1.0","paths":{{{}}}}}"#, paths.join(","))
}
