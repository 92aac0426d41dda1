//! The difference between expected and actual lines.

use crate::script::Pattern;
use crate::script::dots::matches_text;
use crate::script::pattern::lines;
use crate::value::parse;

/// A line of the difference between what was expected and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// Stands in both.
    Both(String),
    /// Is expected, and did not come.
    Expected(String),
    /// Came, and is not expected.
    Actual(String),
}

/// Values are spread over lines of this width, so that their difference is one of a few lines.
const WIDTH: usize = 40;

/// Of longer texts not every line is compared with every other one.
const MOST: usize = 1 << 22;

/// Returns the difference, line by line, between two texts that stand for values or are lines of a report. A
/// `...` in what is expected stands for any text. O(n m) in what lies between the first and the last line
/// that differ.
pub(super) fn diff(expected: &str, actual: &str) -> Vec<DiffLine> {
    let (expected, actual) = match (Pattern::parse(expected), parse(actual)) {
        (Some(pattern), Ok(value)) => (pattern.lines(WIDTH), lines(&value, WIDTH)),
        _ => (expected.to_owned(), actual.to_owned()),
    };
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let fits = |(e, a): (&&str, &&str)| matches_text(e, a);
    let head = expected.iter().zip(&actual).take_while(|pair| fits(*pair)).count();
    let (e, a) = (&expected[head..], &actual[head..]);
    let tail = e.iter().rev().zip(a.iter().rev()).take_while(|pair| fits(*pair)).count();
    let (e, a) = (&e[..e.len() - tail], &a[..a.len() - tail]);
    let mut lines: Vec<DiffLine> = actual[..head].iter().map(|line| DiffLine::Both((*line).into())).collect();
    between(e, a, &mut lines);
    lines.extend(actual[actual.len() - tail..].iter().map(|line| DiffLine::Both((*line).into())));
    lines
}

/// Compares by the longest common subsequence, as in the book.
fn between(expected: &[&str], actual: &[&str], lines: &mut Vec<DiffLine>) {
    let (height, width) = (expected.len(), actual.len());
    let (mut e, mut a) = (0, 0);
    if height.saturating_mul(width) <= MOST {
        // How many lines the rests have in common.
        let mut common = vec![vec![0_u32; width + 1]; height + 1];
        for e in (0..height).rev() {
            for a in (0..width).rev() {
                common[e][a] = match matches_text(expected[e], actual[a]) {
                    true => common[e + 1][a + 1] + 1,
                    false => common[e + 1][a].max(common[e][a + 1]),
                };
            }
        }
        while e < height && a < width {
            if matches_text(expected[e], actual[a]) {
                lines.push(DiffLine::Both(actual[a].to_owned()));
                (e, a) = (e + 1, a + 1);
            } else if common[e + 1][a] >= common[e][a + 1] {
                lines.push(DiffLine::Expected(expected[e].to_owned()));
                e += 1;
            } else {
                lines.push(DiffLine::Actual(actual[a].to_owned()));
                a += 1;
            }
        }
    }
    lines.extend(expected[e..].iter().map(|line| DiffLine::Expected((*line).to_owned())));
    lines.extend(actual[a..].iter().map(|line| DiffLine::Actual((*line).to_owned())));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(expected: &str, actual: &str) -> Vec<String> {
        let lines = diff(expected, actual).into_iter().map(|line| match line {
            DiffLine::Both(line) => format!("  {line}"),
            DiffLine::Expected(line) => format!("- {line}"),
            DiffLine::Actual(line) => format!("+ {line}"),
        });
        lines.collect()
    }

    #[test]
    fn values_differ_in_lines() {
        let (old, new) = (
            r#"{"name":"A rather long name","items":[0,1],"more":"so that it is long"}"#,
            r#"{"name":"A rather long name","items":[0,1,2],"more":"so that it is long"}"#,
        );
        let lines = [
            "  {",
            r#"    "name": "A rather long name","#,
            r#"-   "items": [0,1],"#,
            r#"+   "items": [0,1,2],"#,
            r#"    "more": "so that it is long""#,
            "  }",
        ];
        assert_eq!(show(old, new), lines);
    }

    #[test]
    fn reports_differ_in_lines_and_dots_fit() {
        assert_eq!(show("b\n1 ...\nd", "a\nb\n1 x\nc"), ["+ a", "  b", "  1 x", "- d", "+ c"]);
        assert_eq!(show("x", ""), ["- x"]);
        assert_eq!(show("[1, ...]", "[2,3]"), ["- [1,...]", "+ [2,3]"]);
    }
}
