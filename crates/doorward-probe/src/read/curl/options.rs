//! curl's options, by what they do to a request.

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Something without a value.
    Flag(Flag),
    /// Something with one.
    Value(Value),
    /// Nothing to what is sent.
    Nothing,
    /// Nothing to what is sent, with a value.
    NothingWithValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    AsQuery,
    Head,
    OtherSignIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Method,
    Header,
    Text,
    RawText,
    Encoded,
    Json,
    Field,
    FieldText,
    Cookie,
    User,
    Bearer,
    Agent,
    Referer,
    Range,
    Address,
    Query,
}

/// What a long option does; none: it is not known.
pub(super) fn long(name: &str) -> Option<Does> {
    Some(match name {
        "request" => Does::Value(Value::Method),
        "header" => Does::Value(Value::Header),
        "data" | "data-ascii" | "data-binary" => Does::Value(Value::Text),
        "data-raw" => Does::Value(Value::RawText),
        "data-urlencode" => Does::Value(Value::Encoded),
        "json" => Does::Value(Value::Json),
        "form" => Does::Value(Value::Field),
        "form-string" => Does::Value(Value::FieldText),
        "cookie" => Does::Value(Value::Cookie),
        "user" => Does::Value(Value::User),
        "oauth2-bearer" => Does::Value(Value::Bearer),
        "user-agent" => Does::Value(Value::Agent),
        "referer" => Does::Value(Value::Referer),
        "range" => Does::Value(Value::Range),
        "url" => Does::Value(Value::Address),
        "url-query" => Does::Value(Value::Query),
        "get" => Does::Flag(Flag::AsQuery),
        "head" => Does::Flag(Flag::Head),
        "digest" | "ntlm" | "negotiate" | "anyauth" => Does::Flag(Flag::OtherSignIn),
        "basic"
        | "compressed"
        | "compressed-ssh"
        | "disable"
        | "fail"
        | "fail-with-body"
        | "globoff"
        | "http0.9"
        | "http1.0"
        | "http1.1"
        | "http2"
        | "http2-prior-knowledge"
        | "http3"
        | "include"
        | "insecure"
        | "ipv4"
        | "ipv6"
        | "location"
        | "location-trusted"
        | "no-buffer"
        | "no-keepalive"
        | "no-progress-meter"
        | "path-as-is"
        | "progress-bar"
        | "proxy-insecure"
        | "remote-header-name"
        | "remote-name"
        | "show-error"
        | "silent"
        | "tcp-nodelay"
        | "tlsv1"
        | "tlsv1.0"
        | "tlsv1.1"
        | "tlsv1.2"
        | "tlsv1.3"
        | "trace-time"
        | "verbose"
        | "show-headers" => Does::Nothing,
        "cacert" | "capath" | "cert" | "cert-type" | "ciphers" | "connect-timeout"
        | "connect-to" | "cookie-jar" | "dump-header" | "interface" | "keepalive-time" | "key"
        | "key-type" | "limit-rate" | "max-filesize" | "max-redirs" | "max-time" | "noproxy"
        | "output" | "output-dir" | "pass" | "proxy" | "proxy-user" | "resolve" | "retry"
        | "retry-delay" | "retry-max-time" | "stderr" | "tls-max" | "trace" | "trace-ascii"
        | "unix-socket" | "write-out" => Does::NothingWithValue,
        _ => return None,
    })
}

/// The long name of a letter.
pub(super) fn letter(letter: char) -> Option<&'static str> {
    Some(match letter {
        'X' => "request",
        'H' => "header",
        'd' => "data",
        'F' => "form",
        'b' => "cookie",
        'u' => "user",
        'A' => "user-agent",
        'e' => "referer",
        'r' => "range",
        'G' => "get",
        'I' => "head",
        'k' => "insecure",
        's' => "silent",
        'S' => "show-error",
        'v' => "verbose",
        'i' => "include",
        'L' => "location",
        'f' => "fail",
        'g' => "globoff",
        'N' => "no-buffer",
        'O' => "remote-name",
        'J' => "remote-header-name",
        'q' => "disable",
        '#' => "progress-bar",
        '0' => "http1.0",
        '1' => "tlsv1",
        '4' => "ipv4",
        '6' => "ipv6",
        'c' => "cookie-jar",
        'D' => "dump-header",
        'E' => "cert",
        'm' => "max-time",
        'o' => "output",
        'w' => "write-out",
        'x' => "proxy",
        'U' => "proxy-user",
        _ => return None,
    })
}
