//! A line for what changed at a path, as long as the terminal is wide.

use rejoin::value::width::{char_columns, columns, cut_middle};
use rejoin::value::{Difference, PathChange, Val, print_while};

use super::answer::Look;
use super::paint::visible;
use super::theme::Role;

/// The columns of what stands between the old and the new, and before where something was.
const ARROW: usize = 3;
const FROM: usize = 5;

impl Look {
    /// Shows what changed at a path: the sign and the path in the colour of its kind. The path has at
    /// least half of the line, and what does not fit is cut.
    pub(crate) fn change(self, of: Option<&str>, change: &PathChange, text: &mut String) {
        let PathChange { path, difference } = change;
        let sign = match difference {
            Difference::Added(_) => '+',
            Difference::Removed(_) => '-',
            Difference::Changed(..) => '~',
            Difference::Moved { .. } => '>',
        };
        if let Some(name) = of {
            text.push_str(&self.paint.dim(&format!("{name}: ")));
        }
        let used = of.map_or(0, |name| columns(name) + 2) + 3;
        let all = if self.extent.limit.is_none() { usize::MAX } else { self.extent.width };
        let room = all.saturating_sub(used);
        let needs = match difference {
            Difference::Added(value) | Difference::Removed(value) => width(value, room),
            Difference::Changed(old, new) => width(old, room).saturating_add(ARROW + width(new, room)),
            Difference::Moved { from } => FROM + columns(&from.to_string()),
        };
        let path = cut_middle(&visible(&path.to_string()), room.saturating_sub(needs).max(room / 2));
        let room = room.saturating_sub(columns(&path));
        text.push_str(&self.paint.role(Role::from(difference), &format!("{sign} {path}")));
        text.push(' ');
        match difference {
            Difference::Added(value) | Difference::Removed(value) => self.short(value, room, text),
            Difference::Changed(old, new) => {
                let room = room.saturating_sub(ARROW);
                let first = room.saturating_sub(width(new, room)).max(room / 2);
                self.short(old, first, text);
                text.push_str(" → ");
                self.short(new, room.saturating_sub(width(old, first)), text);
            }
            Difference::Moved { from } => {
                let from = cut_middle(&visible(&from.to_string()), room.saturating_sub(FROM));
                text.push_str(&format!("from {from}"));
            }
        }
        text.push('\n');
    }

    /// Shows a value on one line, cut at so many columns.
    fn short(self, value: &Val, room: usize, text: &mut String) {
        let fits = width(value, room.saturating_add(1)) <= room;
        // The mark of what was cut takes a column.
        let mut left = if fits { usize::MAX } else { room.saturating_sub(1) };
        print_while(value, |piece, part| {
            let length = part.char_indices().find_map(|(at, c)| {
                let width = char_columns(c);
                let fits = width <= left;
                left = left.saturating_sub(width);
                (!fits).then_some(at)
            });
            let shown = visible(&part[..length.unwrap_or(part.len())]);
            text.push_str(&self.paint.role(Role::Json(piece), &shown));
            length.is_none()
        });
        if !fits {
            text.push('…');
        }
    }
}

/// Returns the columns of a value on one line, or so many if it has more.
fn width(value: &Val, most: usize) -> usize {
    let mut width = 0_usize;
    print_while(value, |_, part| {
        width = width.saturating_add(columns(part)).min(most);
        width < most
    });
    width
}

#[cfg(test)]
mod tests {
    use super::super::answer::tests::shown;
    use rejoin::value::width::columns;

    #[test]
    fn what_is_long_is_cut_to_the_line() {
        let start = format!("ref a {{\"n\": {:?}}}", "x".repeat(100));
        let rows = [
            (format!("swap a .n = {:?}", "é".repeat(100)), "~ .n \"xxxxxxxxxxxxxx… → \"éééééééééééééé…"),
            ("swap a .n = 1".to_owned(), "~ .n \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx… → 1"),
            (format!("swap a .m = {:?}", "日".repeat(100)), "+ .m \"日日日日日日日日日日日日日日日日…"),
            ("swap a .a_long_key.in_an_object = [1]".to_owned(), "+ .a_long_key {\"in_an_object\":[1]}"),
        ];
        for (swap, expected) in rows {
            let shown = shown(&[&start, &swap], 40, Some(10));
            let line = shown.lines().next().unwrap();
            assert_eq!(line, expected);
            assert!(columns(line) <= 40, "{line}");
        }
    }

    #[test]
    fn a_long_path_is_cut_in_its_middle() {
        let start = r#"ref a {"a_long_key": {"in_an_object": {"that_is_nested": "old"}}, "some_list": [{}]}"#;
        let rows = [
            (
                r#"swap a .a_long_key.in_an_object.that_is_nested = "new""#,
                "~ .a_long…t.that_is_nested \"old\" → \"new\"",
            ),
            (
                r#"swap a .a_long_key.in_an_object.that_is_nested = "a long sentence""#,
                "~ .a_lo…at_is_nested \"old\" → \"a long se…",
            ),
            (
                "swap a .a_long_key.in_an_object.it = .some_list[0] | del(.some_list[0])",
                "> .a_lon…an_object.it from .some_list[0]",
            ),
        ];
        for (swap, expected) in rows {
            let shown = shown(&[start, swap], 40, Some(10));
            let line = shown.lines().next().unwrap();
            assert_eq!(line, expected);
        }
        let all = shown(&[start, rows[1].0], 40, None);
        assert!(all.contains("~ .a_long_key.in_an_object.that_is_nested \"old\" → \"a long sentence\"\n"));
    }
}
