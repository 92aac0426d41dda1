//! Text from outside, as a terminal may show it.

use rejoin::value::steers;

/// Returns text from outside, without what a terminal would obey. All that is shown of a file goes through here.
pub(crate) fn visible(text: &str) -> String {
    let is_text = |c: char| !steers(c) || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_text(c) { c } else { '\u{fffd}' }).collect()
}

/// Returns the name of a file, or other text from outside that is to stay on its line.
pub(crate) fn on_a_line(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}
