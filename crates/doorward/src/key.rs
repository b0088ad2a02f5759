//! `doorward key`: creates, lists and revokes API keys.

mod file;

use crate::args::{Form, Key, KeyCreate, KeyFile, KeyRevoke};
use crate::{EXIT_USAGE, machine};
use doorward_config::Machine;
use doorward_config::key_file::{
    self, KEY_ID_PREFIX, KEY_SCOPES_MAX, KeyHome, KeyRecord, is_scope, name_fault, write_moment,
};
use doorward_core::layers::identity::{ApiKey, draw, hash};
use doorward_core::moment::Chance;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use file::Locked;
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

/// What is wrong, and how to mend it.
type Fault = String;

/// Runs one of the commands.
pub(crate) fn run(key: &Key) -> ExitCode {
    let now_unix_s = SystemClock::new().now().unix_s;
    let done = match key {
        Key::Create(create) => self::create(create, now_unix_s),
        Key::List(list) => home(&list.home).and_then(|home| {
            let records = file::read(&home.file)?;
            machine::output(&match list.format {
                Form::Table => table(&records, now_unix_s),
                Form::Json => listed(&records, now_unix_s),
            });
            Ok(())
        }),
        Key::Revoke(revoke) => self::revoke(revoke, now_unix_s),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            machine::talk(&format!("error: {}\n", fault.trim_end()));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn home(said: &KeyFile) -> Result<KeyHome, Fault> {
    match (&said.file, &said.config) {
        (None, Some(config)) => KeyHome::find(config, &Machine),
        (Some(file), _) => Ok(KeyHome { file: file.clone(), ..KeyHome::here() }),
        (None, None) => Ok(KeyHome::here()),
    }
}

fn create(create: &KeyCreate, now_unix_s: u64) -> Result<(), Fault> {
    let name = create.name.as_str();
    if let Some(fault) = name_fault(name) {
        return Err(format!("{fault}\n  choose another one"));
    }
    if let Some(scope) = create.scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(format!(
            "{scope:?} is no scope\n  visible ASCII letters without spaces, quotes and \
             backslashes; repeat --scope for each"
        ));
    }
    if create.scopes.len() > KEY_SCOPES_MAX {
        return Err(format!("a key has at most {KEY_SCOPES_MAX} scopes"));
    }
    let ends = create.expires.as_deref().map(|text| key_file::read_end(text, now_unix_s));
    let ends = ends.transpose().map_err(|fault| {
        let text = create.expires.as_deref().unwrap_or_default();
        format!("--expires {text:?}: {fault}")
    })?;
    let home = home(&create.home)?;
    let locked = Locked::open(&home.file)?;
    let mut records = locked.read()?;
    let is_same = |record: &&KeyRecord| record.name == name && record.is_living(now_unix_s);
    if let Some(other) = records.iter().find(is_same) {
        return Err(format!(
            "there is a key {name:?} already: {}\n  choose another name, or revoke that one first",
            other.key.id
        ));
    }
    let text = draw(&SystemChance);
    let key = ApiKey {
        id: fresh_id(&records),
        sha256: hash(&text),
        scopes: create.scopes.clone(),
        ends_unix_s: ends,
        is_revoked: false,
        acts_for_visitors: create.acts_for_visitors,
        as_page: create.as_page,
    };
    let id = key.id.clone();
    let record =
        KeyRecord { name: name.to_owned(), created_unix_s: now_unix_s, revoked_unix_s: None, key };
    records.push(record);
    locked.write(&records)?;
    machine::try_output(&format!("{text}\n")).map_err(|error| {
        format!("the key {id} was created, but could not be printed: {error}\n  revoke it")
    })?;
    machine::talk(&created(&id, ends, &home));
    Ok(())
}

/// What there is to say of a new key. The key itself is not in it: it goes to standard output.
fn created(id: &str, ends: Option<u64>, home: &KeyHome) -> String {
    let ends = ends.map_or_else(|| "never".to_owned(), write_moment);
    let file = home.file.display();
    let header = match home.header.to_ascii_lowercase().as_str() {
        "authorization" => "Authorization: Bearer".to_owned(),
        name => format!("{name}:"),
    };
    let mut out = format!(
        "{id} was created in {file}; it ends: {ends}.\nThe key is shown this once and kept \
         nowhere: put it where your program finds its secrets.\nTry it, with the key in KEY:\n  \
         curl -H \"{header} $KEY\" http://127.0.0.1:8080/\n"
    );
    if !home.is_read {
        out.push_str("The configuration does not read keys yet. Add:\n  [layers.identity.keys]\n");
    }
    out
}

/// An id that no other key has.
fn fresh_id(records: &[KeyRecord]) -> String {
    loop {
        let mut random = [0; 4];
        SystemChance.fill(&mut random);
        let id = format!("{KEY_ID_PREFIX}{:08x}", u32::from_be_bytes(random));
        if !records.iter().any(|record| record.key.id == id) {
            return id;
        }
    }
}

fn revoke(revoke: &KeyRevoke, now_unix_s: u64) -> Result<(), Fault> {
    let home = home(&revoke.home)?;
    let locked = Locked::open(&home.file)?;
    let mut records = locked.read()?;
    let at = find(&records, &revoke.key, now_unix_s)?;
    let record = &mut records[at];
    let words = format!("{} ({})", record.key.id, record.name);
    if let Some(before) = record.revoked_unix_s {
        machine::talk(&format!("{words} is revoked already, since {}\n", write_moment(before)));
        return Ok(());
    }
    record.revoked_unix_s = Some(now_unix_s);
    record.key.is_revoked = true;
    locked.write(&records)?;
    machine::talk(&format!(
        "{words} is revoked; it stays in the list. A gate that runs takes it up within seconds, \
         unless its own file is wrong at the time: its log says so\n"
    ));
    Ok(())
}

/// The one key that is meant: by its id, or by its name, where a living one comes before others.
fn find(records: &[KeyRecord], said: &str, now_unix_s: u64) -> Result<usize, Fault> {
    if let Some(at) = records.iter().position(|record| record.key.id == said) {
        return Ok(at);
    }
    let named = |is_meant: &dyn Fn(&KeyRecord) -> bool| -> Vec<usize> {
        let all = records.iter().enumerate();
        let meant = all.filter(|(_, record)| record.name == said && is_meant(record));
        meant.map(|(at, _)| at).collect()
    };
    let choices = [
        named(&|record| record.is_living(now_unix_s)),
        named(&|record| !record.key.is_revoked),
        named(&|_| true),
    ];
    let found = choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default();
    match found.as_slice() {
        [at] => Ok(*at),
        [] => Err(format!("there is no key {said:?}\n  `doorward key list` lists them all")),
        several => {
            let ids: Vec<&str> = several.iter().map(|at| records[*at].key.id.as_str()).collect();
            Err(format!("several keys are called {said:?}\n  say which: {}", ids.join(", ")))
        }
    }
}

/// What a key is worth now, in a word.
fn state(record: &KeyRecord, now_unix_s: u64) -> &'static str {
    match (record.key.is_revoked, record.is_living(now_unix_s)) {
        (true, _) => "revoked",
        (false, true) => "living",
        (false, false) => "expired",
    }
}

fn table(records: &[KeyRecord], now_unix_s: u64) -> String {
    let title = ["ID", "NAME", "STATE", "CREATED", "EXPIRES", "SCOPES", "MAY"].map(str::to_owned);
    let mut rows = vec![title];
    for record in records {
        let key = &record.key;
        let may = match (key.acts_for_visitors, key.as_page) {
            (false, false) => "-",
            (true, false) => "acts-for-visitors",
            (false, true) => "as-page",
            (true, true) => "acts-for-visitors as-page",
        };
        let scopes = if key.scopes.is_empty() { "-".to_owned() } else { key.scopes.join(" ") };
        rows.push([
            key.id.clone(),
            record.name.clone(),
            state(record, now_unix_s).to_owned(),
            write_moment(record.created_unix_s),
            key.ends_unix_s.map_or_else(|| "never".to_owned(), write_moment),
            scopes,
            may.to_owned(),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn listed(records: &[KeyRecord], now_unix_s: u64) -> String {
    let one = |record: &KeyRecord| {
        json!({
            "id": record.key.id,
            "name": record.name,
            "state": state(record, now_unix_s),
            "created": write_moment(record.created_unix_s),
            "expires": record.key.ends_unix_s.map(write_moment),
            "revoked": record.revoked_unix_s.map(write_moment),
            "scopes": record.key.scopes,
            "acts_for_visitors": record.key.acts_for_visitors,
            "as_page": record.key.as_page,
        })
    };
    let list: Vec<_> = records.iter().map(one).collect();
    format!("{}\n", serde_json::Value::from(list))
}
