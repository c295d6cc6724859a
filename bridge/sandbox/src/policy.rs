//! What a sandbox may ask of the host, by path.

use std::sync::Arc;

/// What a sandbox may ask of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// Everything.
    Trusted,
    /// Nothing but to hand back its results: no host call, no file, no process.
    Pure,
    /// What lists say: neither file nor process, and of host calls those alone.
    Listed(Arc<Rules>),
}

/// Paths as Lua writes them (`vim.api.nvim_buf_get_lines`, `print`); one that ends in `*` stands for all that
/// begin like it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What may be called, read and written.
    pub allow: Vec<String>,
    /// What may not, though it is allowed.
    pub deny: Vec<String>,
    /// Whether functions may be handed to the host. They run in the sandbox.
    pub callbacks: bool,
}

impl Policy {
    /// Returns whether the sandbox may ask for what is at a path.
    pub(crate) fn allows(&self, path: &str) -> bool {
        match self {
            Policy::Trusted => true,
            Policy::Pure => false,
            Policy::Listed(rules) => {
                let matches = |patterns: &[String]| {
                    patterns
                        .iter()
                        .any(|pattern| match pattern.strip_suffix('*') {
                            Some(start) => path.starts_with(start),
                            None => path == pattern,
                        })
                };
                matches(&rules.allow) && !matches(&rules.deny)
            }
        }
    }

    /// Returns whether something below a path is allowed, so that the path must be walked.
    pub(crate) fn leads_on(&self, path: &str) -> bool {
        let Policy::Listed(rules) = self else {
            return false;
        };
        rules.allow.iter().any(|pattern| {
            let rest = pattern.strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// Returns whether functions may be handed to the host.
    pub(crate) fn allows_callbacks(&self) -> bool {
        match self {
            Policy::Trusted => true,
            Policy::Pure => false,
            Policy::Listed(rules) => rules.callbacks,
        }
    }

    /// Returns how messages call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Policy::Trusted => "the policy \"trusted\"",
            Policy::Pure => "the policy \"pure\"",
            Policy::Listed(_) => "the thread's policy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_decide_by_path() {
        let list = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
        let policy = Policy::Listed(Arc::new(Rules {
            allow: list(&[
                "vim.fn.*",
                "vim.api.nvim_get_mode",
                "print",
                "vim.lsp.util.x",
            ]),
            deny: list(&["vim.fn.system*"]),
            callbacks: false,
        }));
        for allowed in ["vim.fn.glob", "vim.api.nvim_get_mode", "print"] {
            assert!(policy.allows(allowed), "{allowed}");
        }
        for refused in [
            "vim.fn",
            "vim.fn.system",
            "vim.fn.systemlist",
            "vim.api.nvim_get_mode2",
            "vim.api",
            "printf",
            "vim.lsp",
        ] {
            assert!(!policy.allows(refused), "{refused}");
        }
        assert!(policy.leads_on("vim.lsp") && policy.leads_on("vim.lsp.util"));
        assert!(!policy.leads_on("vim.ls") && !policy.leads_on("vim.treesitter"));
        assert!(!policy.leads_on("vim.lsp.util.x"));
        assert!(!Policy::Pure.allows("print") && Policy::Trusted.allows("print"));
    }
}
