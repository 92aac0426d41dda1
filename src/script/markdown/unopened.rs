//! Fences that a reader takes for the start of a block of the session, and that open none.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The place of a fence that opens no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unopened {
    /// In HTML.
    Html,
    /// In a paragraph, indented so far that it does not end it.
    Paragraph,
    /// In what some renderers take for a footnote.
    Footnote,
}

/// Finds fences that open no block: where their lines begin, in order. `code` has the bytes of all blocks of code, and whether they are fenced;
/// `html` those of all HTML, in order; `is_meant` tells whether a fence that says something is one of the session. What
/// is code itself, or commented out, is meant so. O(length).
pub(super) fn unopened(
    text: &str,
    code: &[(Range<usize>, bool)],
    html: &[Range<usize>],
    is_meant: impl Fn(&str) -> bool,
) -> Vec<(usize, Unopened)> {
    let mut found = Vec::new();
    let footnotes = footnotes(text, &is_meant);
    let opens_one =
        |at: &usize| code.binary_search_by_key(at, |(range, _)| range.start).is_ok_and(|at| code[at].1);
    let mut footnotes = footnotes.iter().filter(|at| !opens_one(at)).peekable();
    let (mut code, mut html) = (code.iter().peekable(), html.iter().peekable());
    let mut start = 0;
    // Whether the HTML is in a comment.
    let mut in_comment = false;
    for line in text.split_inclusive('\n') {
        let (from, end) = (start, start + line.len());
        start = end;
        while code.next_if(|(range, _)| range.end <= from).is_some() {}
        while html.next_if(|range| range.end <= from).is_some() {
            in_comment = false;
        }
        let in_html = html.peek().is_some_and(|range| range.start < end);
        if footnotes.next_if(|at| **at < end).is_some() {
            found.push((from, Unopened::Footnote));
        } else if code.peek().is_none_or(|(range, _)| range.start >= end)
            && !in_comment
            && says(line).is_some_and(&is_meant)
        {
            found.push((from, if in_html { Unopened::Html } else { Unopened::Paragraph }));
        }
        if in_html {
            in_comment = match (line.rfind("<!--"), line.rfind("-->")) {
                (Some(open), close) => close.is_none_or(|close| close < open),
                (None, close) => in_comment && close.is_none(),
            };
        }
    }
    found
}

/// Returns what a line says behind a fence, if it looks as if it opens a block.
fn says(line: &str) -> Option<&str> {
    let fence = line.trim_start_matches(['>', ' ', '\t']);
    let info = fence.trim_start_matches(if fence.starts_with('`') { '`' } else { '~' });
    let is_long = fence.len() - info.len() >= 3;
    // Ticks behind ticks are code within a line.
    (is_long && !(fence.starts_with('`') && info.contains('`'))).then_some(info)
}

/// Finds where blocks of the session begin in what some renderers take for footnotes.
fn footnotes(text: &str, is_meant: &impl Fn(&str) -> bool) -> Vec<usize> {
    if !text.contains("[^") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut depth = 0;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_FOOTNOTES).into_offset_iter() {
        match event {
            Event::Start(Tag::FootnoteDefinition(_)) => depth += 1,
            Event::End(TagEnd::FootnoteDefinition) => depth -= 1,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if depth > 0 && is_meant(&info) => {
                found.push(range.start);
            }
            _ => {}
        }
    }
    found
}
