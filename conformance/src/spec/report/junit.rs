//! JUnit's XML, which CI services read.

use std::io;

use quick_xml::events::BytesText;
use quick_xml::writer::{ElementWriter, Writer};

use super::{plain_failure, title};
use crate::spec::{FileOutcome, Outcome, Status};

/// Writes all tests into one document; times are those of the virtual clock.
pub(in crate::spec) fn write(
    out: impl io::Write,
    files: &[FileOutcome],
    replay: &str,
) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    let declaration = quick_xml::events::BytesDecl::new("1.0", Some("UTF-8"), None);
    writer.write_event(quick_xml::events::Event::Decl(declaration))?;
    let all: Vec<&Outcome> = files.iter().flat_map(|file| &file.tests).collect();
    with_counts(writer.create_element("testsuites"), &all).write_inner_content(|writer| {
        for file in files {
            suite(writer, file, replay)?;
        }
        Ok(())
    })?;
    writer.get_mut().write_all(b"\n")
}

/// Says how many tests there are, how many of them came to what, and how long they took.
fn with_counts<'a, W: io::Write>(
    element: ElementWriter<'a, W>,
    tests: &[&Outcome],
) -> ElementWriter<'a, W> {
    let count = |status| {
        let its = tests.iter().filter(|test| test.record.status == status);
        its.count().to_string()
    };
    element
        .with_attribute(("tests", &*tests.len().to_string()))
        .with_attribute(("failures", &*count(Status::Failed)))
        .with_attribute(("errors", &*count(Status::Error)))
        .with_attribute(("skipped", &*count(Status::Pending)))
        .with_attribute(("time", &*seconds(tests)))
}

fn seconds(outcomes: &[&Outcome]) -> String {
    let sum: u64 = outcomes
        .iter()
        .map(|outcome| outcome.record.nanoseconds)
        .sum();
    format!("{:.6}", sum as f64 / 1e9)
}

fn suite<W: io::Write>(writer: &mut Writer<W>, file: &FileOutcome, replay: &str) -> io::Result<()> {
    let all: Vec<&Outcome> = file.tests.iter().collect();
    let element = writer
        .create_element("testsuite")
        .with_attribute(("name", &*legal(&file.file)));
    with_counts(element, &all).write_inner_content(|writer| {
        for outcome in &file.tests {
            case(writer, file, outcome, replay)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn case<W: io::Write>(
    writer: &mut Writer<W>,
    file: &FileOutcome,
    outcome: &Outcome,
    replay: &str,
) -> io::Result<()> {
    let record = &outcome.record;
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", &*legal(title(outcome))))
        .with_attribute(("classname", &*legal(&file.file)))
        .with_attribute(("file", &*legal(&record.file)))
        .with_attribute(("line", &*record.line.to_string()))
        .with_attribute(("time", &*seconds(&[outcome])));
    let message = legal(&record.message);
    let part = match record.status {
        Status::Passed => None,
        Status::Pending => Some("skipped"),
        Status::Failed => Some("failure"),
        Status::Error => Some("error"),
    };
    element.write_inner_content(|writer| {
        if let Some(part) = part {
            let element = writer
                .create_element(part)
                .with_attribute(("message", &*message));
            if part == "skipped" {
                element.write_empty()?;
            } else {
                let text = legal(&plain_failure(outcome, replay));
                element.write_text_content(BytesText::new(&text))?;
            }
        }
        if !record.output.is_empty() {
            let text = legal(&record.output);
            let element = writer.create_element("system-out");
            element.write_text_content(BytesText::new(&text))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Replaces the characters that XML cannot hold at all.
fn legal(text: &str) -> String {
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let replace = |c| if is_legal(c) { c } else { '\u{fffd}' };
    text.chars().map(replace).collect()
}
