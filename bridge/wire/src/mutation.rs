//! Deliberate defects of the protocol, for a test of the tests: the conformance suite must notice each of them.
//!
//! They exist only in a library that is built with the feature `mutations`, where `$THREADING_MUTATION` names
//! the one that is in force. Without the feature [`mutated`] is `false` at compile time and nothing is left.

/// Defines the mutations, each with its name and what is wrong then.
macro_rules! mutations {
    ($($(#[doc = $about:literal])* $variant:ident = $name:literal,)*) => {
        /// One defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutation {
            $($(#[doc = $about])* $variant,)*
        }

        impl Mutation {
            /// All of them.
            pub const ALL: &[Mutation] = &[$(Mutation::$variant,)*];

            /// Returns the name that `$THREADING_MUTATION` takes.
            pub fn name(self) -> &'static str {
                match self {
                    $(Mutation::$variant => $name,)*
                }
            }

            /// Says what is wrong, in a line.
            pub fn about(self) -> &'static str {
                match self {
                    $(Mutation::$variant => concat!($($about),*).trim_ascii(),)*
                }
            }
        }
    };
}

mutations! {
    /// what the thread wrote in a slice is not sent at its end
    SkipSliceFlush = "skip-slice-flush",
    /// what a callback wrote on main is not sent at its end
    SkipCallbackFlush = "skip-callback-flush",
    /// the answer to a call does not bring along what main wrote meanwhile
    SkipReplyFlush = "skip-reply-flush",
    /// a callback on main starts before what the thread wrote is applied
    StartBeforePark = "start-before-park",
    /// main applies waiting messages newest first
    ReverseDeltas = "reverse-deltas",
    /// a table of the thread that comes back to it is another one
    LoseTableIdentity = "lose-table-identity",
    /// a function of the thread that comes back to it is another one
    LoseFunctionIdentity = "lose-function-identity",
    /// a table of main that comes back to it is another one
    LoseMainIdentity = "lose-main-identity",
    /// what the thread writes to a table inside another table stays there
    ForgetNestedWrite = "forget-nested-write",
    /// what the thread writes to a table that was empty when it came stays there
    ForgetEmptyTable = "forget-empty-table",
    /// an entry that the thread deletes stays on main
    KeepDeleted = "keep-deleted",
    /// an entry that main deletes stays in the thread
    KeepDeletedInThread = "keep-deleted-in-thread",
    /// false arrives on main as nil
    FalseIsNil = "false-is-nil",
    /// a variable that becomes nil keeps its value on main
    NilIsNoValue = "nil-is-no-value",
    /// -0 arrives on main as 0
    LoseNegativeZero = "lose-negative-zero",
    /// results lose the nils at their end
    DropLastNils = "drop-last-nils",
    /// two variables of equal names are one
    CellsByName = "cells-by-name",
    /// a variable that main writes again as it was when last sent is not sent
    StaleShadow = "stale-shadow",
    /// the thread's tables arrive without their metatables
    DropMetatable = "drop-metatable",
    /// what a thread wrote before an error is lost
    DropWritesBeforeError = "drop-writes-before-error",
    /// main never says that a replica is gone
    LeakOnMain = "leak-on-main",
    /// the thread never says that a replica is gone
    LeakInThread = "leak-in-thread",
    /// main does not look at variables that a callback's code assigns
    ForgetAssigned = "forget-assigned",
    /// main does not look at entries of tables that a callback has noted
    ForgetNoted = "forget-noted",
    /// main trusts the notes of callbacks which have called functions that note nothing
    TrustUnknown = "trust-unknown",
    /// main says that functions are gone which it still has
    ReleaseEarly = "release-early",
}

/// Returns whether a defect is in force.
#[cfg(feature = "mutations")]
pub fn mutated(mutation: Mutation) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("THREADING_MUTATION").ok());
    chosen.as_deref() == Some(mutation.name())
}

/// Returns whether a defect is in force: never, in this build.
#[cfg(not(feature = "mutations"))]
#[inline(always)]
pub const fn mutated(_: Mutation) -> bool {
    false
}
