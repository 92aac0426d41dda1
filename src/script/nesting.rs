//! The block quotes and items of lists that a line of Markdown stands in.

/// So many columns of indent make a line code.
const CODE: usize = 4;

/// The block quotes and items that are open, from the outside.
#[derive(Default)]
pub(super) struct Nesting {
    open: Vec<Container>,
    /// Whether the last line was text, with which the next one may go on.
    in_text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    /// An item, and by how many columns its lines are indented.
    Item(usize),
}

impl Nesting {
    /// In how many block quotes the last line stood.
    pub(super) fn quotes(&self) -> usize {
        self.open.iter().filter(|container| **container == Container::Quote).count()
    }

    /// Whether a line stands in all that is open.
    pub(super) fn holds(&self, line: &str) -> bool {
        self.depth(&mut Cursor::new(line)) == self.open.len()
    }

    /// Closes what a line ends, and opens what it begins. What stands behind their marks and may be the start
    /// of a block; `None` where the line is blank, goes on with text, or is code by its indent.
    pub(super) fn enter<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let mut at = Cursor::new(line);
        let depth = self.depth(&mut at);
        if at.is_blank() {
            // Items go on behind it, quotes do not.
            let quote = self.open[depth..].iter().position(|container| *container == Container::Quote);
            self.open.truncate(quote.map_or(self.open.len(), |quote| depth + quote));
            self.in_text = false;
            return None;
        }
        if self.in_text && (at.indent() >= CODE || is_text(at.rest.trim_start())) {
            // Text goes on without the marks, too.
            return None;
        }
        self.open.truncate(depth);
        self.in_text = false;
        while at.indent() < CODE {
            if let Some(container) = at.container() {
                self.open.push(container);
                continue;
            }
            let text = at.rest.trim_start();
            self.in_text = is_text(text);
            return Some(text);
        }
        None
    }

    /// In how many of the containers a line stands; the cursor goes behind their marks.
    fn depth(&self, at: &mut Cursor<'_>) -> usize {
        let holds = |container: &&Container| match container {
            Container::Quote => at.quote(),
            Container::Item(_) if at.is_blank() => true,
            Container::Item(indent) => {
                let holds = at.indent() >= *indent;
                if holds {
                    at.skip(*indent);
                }
                holds
            }
        };
        self.open.iter().take_while(holds).count()
    }
}

/// A place in a line, which counts columns: a tab reaches to the next that four divide.
struct Cursor<'a> {
    rest: &'a str,
    column: usize,
}

impl<'a> Cursor<'a> {
    const TAB: usize = 4;

    fn new(line: &'a str) -> Self {
        Self { rest: line, column: 0 }
    }

    fn is_blank(&self) -> bool {
        self.rest.trim().is_empty()
    }

    /// The columns of the blanks here.
    fn indent(&self) -> usize {
        let blanks = self.rest.chars().take_while(|c| [' ', '\t'].contains(c));
        let end = blanks.fold(self.column, |column, c| match c {
            '\t' => (column / Self::TAB + 1) * Self::TAB,
            _ => column + 1,
        });
        end - self.column
    }

    /// Goes over so many columns of blanks, perhaps into a tab.
    fn skip(&mut self, columns: usize) {
        let end = self.column + columns;
        while self.column < end {
            let next = if self.rest.starts_with('\t') {
                (self.column / Self::TAB + 1) * Self::TAB
            } else {
                self.column + 1
            };
            if next <= end {
                self.rest = self.rest.get(1..).unwrap_or_default();
            }
            self.column = next.min(end);
        }
    }

    /// Goes over a mark of bytes that take a column each.
    fn pass(&mut self, mark: usize) {
        self.rest = &self.rest[mark..];
        self.column += mark;
    }

    /// Goes behind the mark of a block quote, if there is one.
    fn quote(&mut self) -> bool {
        let is_quote = self.indent() < CODE && self.rest.trim_start().starts_with('>');
        if is_quote {
            self.skip(self.indent());
            self.pass(1);
            self.skip(self.indent().min(1));
        }
        is_quote
    }

    /// Goes behind the mark of what begins here, if something does.
    fn container(&mut self) -> Option<Container> {
        if self.quote() {
            return Some(Container::Quote);
        }
        let (indent, text) = (self.indent(), self.rest.trim_start());
        let mark = if is_break(text) { None } else { mark(text) }?;
        self.skip(indent);
        self.pass(mark);
        // What is indented further is code in the item.
        let blanks = if (1..=CODE).contains(&self.indent()) && !self.is_blank() { self.indent() } else { 1 };
        self.skip(blanks.min(self.indent()));
        Some(Container::Item(indent + mark + blanks))
    }
}

/// The length of the mark of an item: `-`, `*`, `+`, `1.` or `1)`, with a blank or nothing behind it.
fn mark(line: &str) -> Option<usize> {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let inside = match number.len() < line.len() {
        true => number.strip_prefix(['.', ')']),
        false => line.strip_prefix(['-', '*', '+']),
    }?;
    (inside.is_empty() || inside.starts_with([' ', '\t'])).then_some(line.len() - inside.len())
}

/// Whether a line is a rule: three or more of one mark and nothing else.
fn is_break(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| !c.is_whitespace());
    let Some(first) = marks.next().filter(|c| "-*_".contains(*c)) else { return false };
    let mut count = 1;
    marks.all(|c| {
        count += 1;
        c == first
    }) && count >= 3
}

/// Whether a line is text that can go on in the next one, and go on with the one above.
fn is_text(line: &str) -> bool {
    let is_heading = || {
        let text = line.trim_start_matches('#');
        text.len() < line.len() && (text.is_empty() || text.starts_with(' '))
    };
    let begins = |start: &[&str]| start.iter().any(|start| line.starts_with(start));
    !(line.is_empty()
        || begins(&["```", "~~~", "<!--", ">"])
        || is_heading()
        || is_break(line)
        || mark(line).is_some())
}
