//! The demo: every line that it prints gives the outcome that it prints.

use doorward_test::running_gate::program;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A command of the demo, and what it says will come of it.
struct Attempt {
    curl: String,
    wants: String,
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_printed_commands_give_the_printed_outcomes() {
    let mut demo = start(&["--log", "json"]);
    let attempts = read_attempts(&mut demo.0);
    assert_eq!(attempts.len(), 7, "a line for each thing to try");
    for attempt in &attempts {
        let answer = run(&attempt.curl);
        let mut wanted = attempt.wants.split([' ', ',', ';']);
        let status = wanted.next().unwrap_or_default();
        let first = answer.lines().next().unwrap_or_default();
        assert!(first.contains(status), "{}\nwants {}\n{answer}", attempt.curl, attempt.wants);
        let code = wanted.next().filter(|word| word.contains('/'));
        let said = answer.lines().find_map(|line| line.strip_prefix("doorward-refusal: "));
        assert_eq!(said.map(str::trim), code, "{}", attempt.curl);
    }
    let moved = output(&mut demo.0);
    let transfers: Vec<&str> =
        moved.lines().filter(|line| line.contains("executed") && line.contains("evil +")).collect();
    assert_eq!(transfers.len(), 1, "the bare backend's, and no other:\n{moved}");
    let refused =
        moved.lines().filter(|line| line.contains("\"code\":\"site/cross-site\"")).count();
    assert_eq!(refused, 2, "{moved}");
}

#[test]
fn the_demo_keeps_what_is_typed() {
    let mut demo = start(&["--log", "off"]);
    let attempts = read_attempts(&mut demo.0);
    assert!(run(&attempts[1].curl).contains("site/cross-site"));
    let said = output(&mut demo.0);
    assert!(said.contains("POST /login") && !said.contains("site/cross-site"), "{said}");
}

fn start(flags: &[&str]) -> Demo {
    let child = Command::new(program().expect("the program"))
        .args(["guard", "--demo", "--listen", "127.0.0.1:0"])
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Demo(child.expect("the demo starts"))
}

fn read_attempts(demo: &mut Child) -> Vec<Attempt> {
    let talk = BufReader::new(demo.stderr.take().expect("its talk is ours"));
    let mut out: Vec<Attempt> = Vec::new();
    for line in talk.lines() {
        let line = line.expect("text");
        let text = line.trim();
        if text.starts_with("curl ") {
            out.push(Attempt { curl: text.to_owned(), wants: String::new() });
        } else if let (Some(wants), Some(last)) = (text.strip_prefix("-> "), out.last_mut()) {
            wants.clone_into(&mut last.wants);
        } else if text.starts_with("Below, ") {
            break;
        }
    }
    out
}

fn run(curl: &str) -> String {
    let ran = Command::new("sh").args(["-c", curl]).output().expect("a shell and curl");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// What the demo wrote, once it has been told to stop and has ended.
fn output(demo: &mut Child) -> String {
    let id = demo.id().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
    assert!(told.success());
    let mut text = String::new();
    let mut out = demo.stdout.take().expect("its output is ours");
    out.read_to_string(&mut text).expect("text");
    assert!(demo.wait().expect("it ends").success());
    text
}
