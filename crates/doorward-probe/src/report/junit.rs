//! JUnit's XML, as CI servers read it: a suite for each operation, a test for each check.

use super::Told;
use super::text::{markup, visible};
use crate::checks::CHECKS;
use crate::finding::Finding;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The report as XML.
#[must_use]
pub fn junit(told: &Told<'_>) -> String {
    let report = told.report;
    let names = report.looked_at.iter().chain(report.left_out.iter().map(|(name, _)| name));
    let mut seen = BTreeSet::new();
    let mut suites = String::new();
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for name in names.filter(|name| seen.insert(name.as_str())) {
        let suite = Suite::of(told, name);
        (tests, failures) = (tests + suite.tests, failures + suite.failures);
        errors += suite.errors;
        suites.push_str(&suite.text);
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"doorward probe\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

/// One operation.
struct Suite {
    tests: usize,
    failures: usize,
    errors: usize,
    text: String,
}

impl Suite {
    fn of(told: &Told<'_>, name: &str) -> Self {
        let mut suite = Self { tests: 0, failures: 0, errors: 0, text: String::new() };
        let mut cases = String::new();
        for check in CHECKS {
            let own: Vec<&Finding> = told
                .report
                .findings
                .iter()
                .filter(|finding| finding.check == check.id && finding.operation == name)
                .collect();
            // A finding is a test of its own: a baseline may know one and not the other.
            for finding in &own {
                suite.case(&mut cases, told, finding, name);
            }
            if own.is_empty() && told.report.looked_at.iter().any(|looked| looked == name) {
                suite.tests += 1;
                let title = format!("{}: {}", check.id, check.title);
                let _ = writeln!(
                    cases,
                    "    <testcase classname=\"{}\" name=\"{}\"/>",
                    markup(name),
                    markup(&title)
                );
            }
        }
        let why = told.report.left_out.iter().find(|(operation, _)| operation == name);
        if let Some((_, why)) = why {
            suite.tests += 1;
            suite.errors += 1;
            let _ = writeln!(
                cases,
                "    <testcase classname=\"{0}\" name=\"looked at\">\n      <error \
                 message=\"{1}\"/>\n    </testcase>",
                markup(name),
                markup(why)
            );
        }
        suite.text = format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n    \
             <properties>\n      <property name=\"requests of the run\" value=\"{}\"/>\n    \
             </properties>\n{cases}  </testsuite>\n",
            markup(name),
            suite.tests,
            suite.failures,
            suite.errors,
            markup(&told.requests().join("; "))
        );
        suite
    }

    fn case(&mut self, cases: &mut String, told: &Told<'_>, finding: &Finding, name: &str) {
        self.tests += 1;
        let title = match finding.variant.as_str() {
            "" => format!("{}: {}", finding.check, finding.title),
            variant => format!("{} {variant}: {}", finding.check, finding.title),
        };
        let _ = writeln!(
            cases,
            "    <testcase classname=\"{}\" name=\"{}\">",
            markup(name),
            markup(&title)
        );
        let evidence: Vec<String> = finding.evidence.iter().map(|line| visible(line)).collect();
        let text = format!(
            "{}\n\n{}\n\n{}\n\n{}",
            visible(&finding.who),
            visible(&finding.request),
            evidence.join("\n"),
            visible(&finding.fix)
        );
        // The lines' own ends, which are ours, are kept.
        let text = text.lines().map(markup).collect::<Vec<_>>().join("\n");
        let (severity, said) = (finding.severity.word(), markup(&finding.title));
        let element = match (told.fails(finding), told.is_known(finding)) {
            (true, _) => {
                self.failures += 1;
                format!("<failure type=\"{severity}\" message=\"{said}\">{text}</failure>")
            }
            (false, true) => format!("<system-out>known before: {severity}\n{text}</system-out>"),
            (false, false) => format!("<system-out>{severity}\n{text}</system-out>"),
        };
        let _ = writeln!(cases, "      {element}\n    </testcase>");
    }
}
