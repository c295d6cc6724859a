//! Programs as trees of text, so that parts of them can be left out and what remains is still a program.

/// What may be done to a node when a program is made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Statements, each on lines of its own; any of them may go.
    Block,
    Statement,
    /// May be replaced by a literal or by an expression inside of it.
    Expression,
    /// Expressions with commas between them, of which so many must stay.
    List(usize),
}

/// A part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub parts: Vec<Part>,
}

/// A piece of a node, in order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Node(Node),
}

/// Makes a statement of a template; see [`Node::new`].
pub(crate) fn statement(template: &str, children: Vec<Node>) -> Node {
    Node::new(Kind::Statement, template, children)
}

/// Makes an expression of a template; see [`Node::new`].
pub(crate) fn expression(template: &str, children: Vec<Node>) -> Node {
    Node::new(Kind::Expression, template, children)
}

/// Makes an expression without parts.
pub(crate) fn leaf(text: impl Into<String>) -> Node {
    Node::leaf(Kind::Expression, text)
}

/// Makes a list of which all may go.
pub(crate) fn list(nodes: Vec<Node>) -> Node {
    Node::of(Kind::List(0), nodes)
}

/// Makes a list of which at least one must stay.
pub(crate) fn some(nodes: Vec<Node>) -> Node {
    Node::of(Kind::List(1), nodes)
}

impl Node {
    /// Makes a node of a template in which each `@` stands for the next child.
    ///
    /// # Panics
    ///
    /// When there are more or fewer children than that.
    pub fn new(kind: Kind, template: &str, children: Vec<Node>) -> Node {
        let mut children = children.into_iter();
        let mut parts = Vec::new();
        for (index, text) in template.split('@').enumerate() {
            if index > 0 {
                parts.push(Part::Node(children.next().expect("a child for each hole")));
            }
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
        }
        assert!(children.next().is_none(), "a hole for each child");
        Node { kind, parts }
    }

    /// Makes a node without children; its text may hold any character.
    pub fn leaf(kind: Kind, text: impl Into<String>) -> Node {
        Node {
            kind,
            parts: vec![Part::Text(text.into())],
        }
    }

    /// Makes a node that holds nothing but others: a block or a list.
    pub fn of(kind: Kind, nodes: Vec<Node>) -> Node {
        Node {
            kind,
            parts: nodes.into_iter().map(Part::Node).collect(),
        }
    }

    /// Returns the nodes directly inside of this one.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.parts.iter().filter_map(|part| match part {
            Part::Node(node) => Some(node),
            Part::Text(_) => None,
        })
    }

    /// Returns the program's text.
    pub fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self.kind {
            Kind::Block => {
                for child in self.children() {
                    if !out.is_empty() && !out.ends_with('\n') {
                        out.push('\n');
                    }
                    out.extend(std::iter::repeat_n(' ', depth * 2));
                    child.write(out, depth + 1);
                }
                if depth > 0 || !out.ends_with('\n') {
                    out.push('\n');
                }
                out.extend(std::iter::repeat_n(' ', depth.saturating_sub(1) * 2));
            }
            Kind::List(_) => {
                for (index, child) in self.children().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    child.write(out, depth);
                }
            }
            Kind::Statement | Kind::Expression => {
                for part in &self.parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Node(node) => node.write(out, depth),
                    }
                }
            }
        }
    }

    /// Returns how many nodes there are, this one included.
    pub fn count(&self) -> usize {
        1 + self.children().map(Node::count).sum::<usize>()
    }

    /// Returns the node with a number, counting from 0 for this one in the order of the text.
    pub fn get_mut(&mut self, mut number: usize) -> Option<&mut Node> {
        if number == 0 {
            return Some(self);
        }
        number -= 1;
        for part in &mut self.parts {
            if let Part::Node(node) = part {
                let count = node.count();
                if number < count {
                    return node.get_mut(number);
                }
                number -= count;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_lines_and_lists_have_commas() {
        let leaf = |text: &str| Node::leaf(Kind::Expression, text);
        let call = Node::new(
            Kind::Statement,
            "f(@)",
            vec![Node::of(Kind::List(0), vec![leaf("a@b"), leaf("2")])],
        );
        let inner = Node::of(Kind::Block, vec![call.clone(), call]);
        let outer = Node::new(Kind::Statement, "do@end", vec![inner]);
        let mut program = Node::of(Kind::Block, vec![outer]);
        assert_eq!(program.render(), "do\n  f(a@b, 2)\n  f(a@b, 2)\nend\n");
        assert_eq!(program.count(), 11);
        let last = program.get_mut(10).map(|node| node.render());
        assert_eq!(last.as_deref(), Some("2"));
        assert_eq!(program.get_mut(11), None);
    }
}
