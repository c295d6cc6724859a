//! Makes a failing program smaller for as long as it still fails.

use super::tree::{Kind, Node, Part};

/// Programs that may be tried before the smallest one so far has to do.
const MAX_TRIALS: usize = 6_000;

/// What an expression may become.
const LITERALS: &[&str] = &["nil", "0", "1", "\"\"", "{}", "true"];

/// Returns a small version of a program for which `fails` holds.
pub fn shrink(program: &Node, mut fails: impl FnMut(&Node) -> bool) -> Node {
    let mut best = program.clone();
    let mut trials = 0;
    let mut try_out = |candidate: Node, best: &mut Node| {
        trials += 1;
        let smaller = trials <= MAX_TRIALS && fails(&candidate);
        if smaller {
            *best = candidate;
        }
        (smaller, trials < MAX_TRIALS)
    };
    loop {
        let before = best.render();
        let mut number = 0;
        while number < best.count() {
            let mut index = 0;
            // A change that is accepted makes room for the next at the same place.
            while let Some(candidate) = change(&best, number, index) {
                let (smaller, more) = try_out(candidate, &mut best);
                if !more {
                    return best;
                }
                index = if smaller { 0 } else { index + 1 };
            }
            number += 1;
        }
        if best.render() == before {
            return best;
        }
    }
}

/// Returns the program with the node of a number changed in its `index`th way, if there are so many.
fn change(program: &Node, number: usize, index: usize) -> Option<Node> {
    let mut changed = program.clone();
    let node = changed.get_mut(number)?;
    let replacement = match node.kind {
        Kind::Block => change_block(node, index)?,
        Kind::List(least) => {
            let removable = (node.parts.len() + 1).saturating_sub(least.max(1));
            let removable = removable.min(node.parts.len());
            if node.parts.len() <= least || index >= removable {
                return None;
            }
            let mut list = node.clone();
            let last = list.parts.len() - 1 - index;
            list.parts.remove(last);
            list
        }
        Kind::Expression => change_expression(node, index)?,
        Kind::Statement => plain(node, index)?,
    };
    *node = replacement;
    Some(changed)
}

/// Calls `print` in place of the function `show` that programs begin with, so that it can go.
fn plain(statement: &Node, index: usize) -> Option<Node> {
    let mut plain = statement.clone();
    let Some(Part::Text(text)) = plain.parts.first_mut() else {
        return None;
    };
    let rest = text.strip_prefix("show(").filter(|_| index == 0)?;
    *text = format!("print({rest}");
    Some(plain)
}

fn change_block(block: &Node, mut index: usize) -> Option<Node> {
    let len = block.parts.len();
    // Runs of statements are left out, long runs first.
    let mut run = len;
    while run > 0 {
        let starts = len.div_ceil(run);
        if index < starts {
            let mut shorter = block.clone();
            let start = index * run;
            shorter.parts.drain(start..len.min(start + run));
            return Some(shorter);
        }
        index -= starts;
        run /= 2;
    }
    // Then statements make way for the blocks inside of them.
    for (at, part) in block.parts.iter().enumerate() {
        let Part::Node(statement) = part else {
            continue;
        };
        let mut inner = Vec::new();
        collect_blocks(statement, &mut inner);
        if index < inner.len() {
            let mut opened = block.clone();
            opened.parts.splice(at..=at, inner[index].parts.clone());
            return Some(opened);
        }
        index -= inner.len();
    }
    None
}

/// Finds the outermost blocks inside of a node.
fn collect_blocks<'n>(node: &'n Node, blocks: &mut Vec<&'n Node>) {
    for child in node.children() {
        if child.kind == Kind::Block {
            blocks.push(child);
        } else {
            collect_blocks(child, blocks);
        }
    }
}

fn change_expression(expression: &Node, mut index: usize) -> Option<Node> {
    let mut inner = Vec::new();
    collect_expressions(expression, &mut inner);
    if LITERALS.contains(&expression.render().as_str()) {
        return None;
    }
    if index < LITERALS.len() {
        // A literal can be indexed and called only in parentheses.
        return Some(Node::leaf(Kind::Expression, LITERALS[index]));
    }
    index -= LITERALS.len();
    inner.get(index).map(|&inner| inner.clone())
}

/// Finds the outermost expressions inside of a node.
fn collect_expressions<'n>(node: &'n Node, expressions: &mut Vec<&'n Node>) {
    for child in node.children() {
        match child.kind {
            Kind::Expression => expressions.push(child),
            Kind::List(_) => collect_expressions(child, expressions),
            Kind::Block | Kind::Statement => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_remains() {
        let leaf = |text: &str| Node::leaf(Kind::Expression, text);
        let show = |value: Node| Node::new(Kind::Statement, "show(@)", vec![value]);
        let sum = Node::new(Kind::Expression, "(@ + @)", vec![leaf("x"), leaf("bad")]);
        let body = Node::of(
            Kind::Block,
            vec![show(leaf("y")), show(sum), show(leaf("z"))],
        );
        let program = Node::of(
            Kind::Block,
            vec![
                show(leaf("1")),
                Node::new(Kind::Statement, "while @ do@end", vec![leaf("c"), body]),
            ],
        );
        let small = shrink(&program, |program| program.render().contains("bad"));
        assert_eq!(small.render(), "print(bad)\n");
    }
}
