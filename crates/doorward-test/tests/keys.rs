//! `doorward key`: what it prints, what it keeps, and what it refuses.

use doorward_config::key_file::{self, KeyRecord};
use doorward_core::layers::identity::{KEY_TEXT_BYTES, hash};
use doorward_test::running_gate::program;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("doorward-keys-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("doorward-keys.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("the file")
    }

    fn records(&self) -> Vec<KeyRecord> {
        key_file::read(self.text().as_bytes()).expect("a well file")
    }

    fn mode(&self) -> u32 {
        fs::metadata(self.file()).expect("the file").permissions().mode() & 0o777
    }

    /// Runs `doorward key` with some words.
    fn key(&self, words: &[&str]) -> Said {
        let mut command = Command::new(program().expect("the program"));
        let output = command.arg("key").args(words).current_dir(&self.0).output().expect("it runs");
        Said {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).expect("UTF-8"),
            talk: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Creates a key and gives its text.
    fn create(&self, words: &[&str]) -> String {
        let said = self.key(&[&["create"], words].concat());
        assert_eq!(said.code, Some(0), "{}", said.talk);
        said.output.trim_end().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Said {
    code: Option<i32>,
    output: String,
    talk: String,
}

#[test]
fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let folder = Folder::new();
    let said = folder.key(&["create", "ci"]);
    assert_eq!(said.code, Some(0), "{}", said.talk);
    let key = said.output.strip_suffix('\n').expect("one line");
    assert!(key.starts_with("dwk1_") && key.len() == KEY_TEXT_BYTES, "{key}");
    assert!(!said.talk.contains(key) && said.talk.contains("curl -H \"x-api-key: $KEY\""));
    assert!(!folder.text().contains("dwk1_"), "{}", folder.text());
    let records = folder.records();
    assert_eq!(records[0].key.sha256, hash(key));
    assert_eq!((records[0].name.as_str(), records[0].key.ends_unix_s), ("ci", None));
    assert_eq!(folder.mode(), 0o600);
    let left: Vec<_> = fs::read_dir(&folder.0).expect("the folder").collect();
    assert_eq!(left.len(), 1, "nothing but the file: {left:?}");

    let words = ["all", "--scope", "a:read", "--scope", "b", "--expires", "90d"];
    folder.create(&[&words[..], &["--acts-for-visitors", "--as-page"]].concat());
    let all = &folder.records()[1];
    assert_eq!(all.key.scopes, ["a:read", "b"]);
    assert_eq!(all.key.ends_unix_s, Some(all.created_unix_s + 90 * 86_400));
    assert!(all.key.acts_for_visitors && all.key.as_page);
}

#[test]
fn a_list_tells_all_but_the_hashes() {
    let folder = Folder::new();
    assert_eq!(folder.key(&["list"]).output.lines().count(), 1, "only its title");
    assert_eq!(folder.key(&["list", "--format", "json"]).output, "[]\n");
    let key = folder.create(&["ci", "--scope", "read"]);
    folder.create(&["old"]);
    assert_eq!(folder.key(&["revoke", "old"]).code, Some(0));
    let list = folder.key(&["list"]);
    let lines: Vec<&str> = list.output.lines().collect();
    assert_eq!((list.code, lines.len()), (Some(0), 3), "{}", list.output);
    assert!(lines[1].contains("  ci    living   ") && lines[1].contains(" read "), "{lines:?}");
    assert!(lines[2].contains("  old   revoked  "), "{lines:?}");
    let json = folder.key(&["list", "--format", "json"]).output;
    let list: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(list[0]["state"], "living");
    assert_eq!(list[1]["state"], "revoked");
    assert_eq!(list[0]["scopes"], serde_json::json!(["read"]));
    let hash: String = hash(&key).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(folder.text().contains(&hash));
    for shown in [json.as_str(), &folder.key(&["list"]).output] {
        assert!(!shown.contains(&hash) && !shown.contains("sha256"), "{shown}");
    }
}

#[test]
fn a_revoked_key_stays_in_the_list_and_frees_its_name() {
    let folder = Folder::new();
    folder.create(&["ci"]);
    let first = folder.records()[0].key.id.clone();
    let again = folder.key(&["create", "ci"]);
    assert_eq!((again.code, again.output.as_str()), (Some(2), ""));
    assert!(again.talk.contains("there is a key \"ci\" already"), "{}", again.talk);
    assert_eq!(folder.key(&["revoke", &first]).code, Some(0));
    let before = folder.text();
    let twice = folder.key(&["revoke", &first]);
    assert_eq!(twice.code, Some(0));
    assert!(twice.talk.contains("is revoked already"), "{}", twice.talk);
    assert_eq!(folder.text(), before, "the first moment stays");
    folder.create(&["ci"]);
    // The name means the living one.
    assert_eq!(folder.key(&["revoke", "ci"]).code, Some(0));
    let records = folder.records();
    assert!(records.len() == 2 && records.iter().all(|record| record.key.is_revoked));
    let several = folder.key(&["revoke", "ci"]);
    assert_eq!(several.code, Some(2));
    assert!(several.talk.contains("several keys are called \"ci\""), "{}", several.talk);
    let unknown = folder.key(&["revoke", "k_00000000"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.talk.contains("there is no key \"k_00000000\""), "{}", unknown.talk);
}

#[test]
fn an_expired_key_frees_its_name_and_can_be_revoked() {
    let folder = Folder::new();
    folder.create(&["ci"]);
    let text = folder.text();
    fs::write(folder.file(), format!("{text}expires = 2026-01-01T00:00:00Z\n")).expect("written");
    assert!(folder.key(&["list"]).output.contains("  expired  "));
    assert_eq!(folder.key(&["revoke", "ci"]).code, Some(0));
    folder.create(&["ci"]);
}

#[test]
fn wrong_usage_changes_nothing() {
    let folder = Folder::new();
    for (words, want) in [
        (&["ci", "--expires", "2020-01-01"][..], "that is over already"),
        (&["ci", "--expires", "0d"], "that is over already"),
        (&["ci", "--expires", "soon"], "write it like 90d"),
        (&["ci", "--scope", "a b"], "\"a b\" is no scope"),
        (&["ci", "--scope", ""], "\"\" is no scope"),
        (&[""], "must not be empty"),
        (&["a\tb"], "printable letters"),
        (&["k_01234567"], "must not look like an id"),
        (&["ci", "--file", "none/k.toml"], "the folder none cannot be locked"),
        (&["ci", "--file", "k", "--config", "c"], "cannot be used with"),
        (&["ci", "--config", "none.toml"], "none.toml cannot be read"),
        (&[], "required"),
    ] {
        let said = folder.key(&[&["create"], words].concat());
        assert_eq!((said.code, said.output.as_str()), (Some(2), ""), "{words:?}");
        assert!(said.talk.contains(want), "{words:?}: {}", said.talk);
    }
    assert_eq!(fs::read_dir(&folder.0).expect("the folder").count(), 0);
}

#[test]
fn a_file_that_is_not_well_is_not_written_over() {
    let folder = Folder::new();
    folder.create(&["ci"]);
    let bad = folder.text().replace("created", "craeted");
    fs::write(folder.file(), &bad).expect("written");
    for words in [&["create", "other"][..], &["list"], &["revoke", "ci"]] {
        let said = folder.key(words);
        assert_eq!((said.code, said.output.as_str()), (Some(2), ""), "{words:?}");
        assert!(said.talk.contains("unknown key `craeted`"), "{}", said.talk);
        assert!(said.talk.contains("doorward-keys.toml:7"), "{}", said.talk);
        assert!(said.talk.contains("did you mean `created`?"), "{}", said.talk);
    }
    assert_eq!(folder.text(), bad);
}

#[test]
fn the_configuration_says_where_keys_are() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("etc")).expect("a folder");
    let config = folder.0.join("etc/doorward.toml");
    let text = "upstream = \"env:NOT_SET\"\n[layers.identity.keys]\nfile = \"k.toml\"\n\
                header = \"authorization\"\n";
    fs::write(&config, text).expect("written");
    let said = folder.key(&["create", "ci", "--config", "etc/doorward.toml"]);
    assert_eq!(said.code, Some(0), "{}", said.talk);
    assert!(said.talk.contains("curl -H \"Authorization: Bearer $KEY\""), "{}", said.talk);
    assert!(!said.talk.contains("does not read keys"), "{}", said.talk);
    assert!(folder.0.join("etc/k.toml").exists() && !folder.file().exists());
    fs::write(&config, "").expect("written");
    let said = folder.key(&["create", "ci", "--config", "etc/doorward.toml"]);
    assert!(said.talk.contains("[layers.identity.keys]"), "{}", said.talk);
    assert!(folder.0.join("etc/doorward-keys.toml").exists());
}

#[test]
fn a_files_mode_stays_but_for_others_and_links_stay_links() {
    let folder = Folder::new();
    folder.create(&["one"]);
    for (mode, want) in [(0o600, 0o600), (0o640, 0o640), (0o666, 0o640), (0o400, 0o600)] {
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(mode)).expect("its mode");
        folder.create(&[&format!("mode {mode:o}")]);
        assert_eq!(folder.mode(), want, "{mode:o}");
    }
    let link = folder.0.join("link.toml");
    symlink(folder.file(), &link).expect("a link");
    folder.create(&["by a link", "--file", "link.toml"]);
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert_eq!(folder.records().len(), 6);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let folder = Folder::new();
    let (folder_of_all, number) = (&folder, 16);
    thread::scope(|scope| {
        for writer in 0..number {
            scope.spawn(move || folder_of_all.create(&[&format!("writer {writer}")]));
        }
        // Whoever reads meanwhile sees a whole file.
        scope.spawn(|| {
            for _ in 0..number {
                assert_eq!(folder_of_all.key(&["list"]).code, Some(0));
            }
        });
    });
    assert_eq!(folder.records().len(), number);
    let left: Vec<_> = fs::read_dir(&folder.0).expect("the folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(Path::new(&folder.file()).exists());
}
