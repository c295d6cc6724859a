//! What the host knows of each sandbox: its handle, the objects that both have, who runs on main.
//!
//! Main thread only. Borrows of the state never last while Lua of the user runs, but for finalizers;
//! those meet a borrowed cell and fail with an error, not with undefined behaviour.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::c_int;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::rc::Rc;
use std::time::Duration;

use bridge_sandbox::{Handle, SandboxId};
use bridge_wire::{Id, IdSource, Reference, Side};
use crossbeam_channel::Receiver;
use interpreter::bytecode;

use crate::collect::Collected;
use crate::dump::Dump;
use crate::error::HostError;
use crate::rewrite::{FUNCTION, GUARD, KEEP, Rewritten, number_in};
use crate::stack::Stack;

/// Values that `support.lua` returns, and one that Lua sets; index of the support table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Slot {
    /// Message handler for protected calls.
    Handler = 1,
    /// Holds the last traceback at index 1.
    Trace,
    Index,
    Assign,
    /// Makes a carrier of a new variable.
    Carrier,
    WrapMain,
    WrapThread,
    WrapSync,
    /// Names by object.
    Names,
    /// Module names by object.
    Modules,
    Refresh,
    LoadModule,
    /// Makes a stand-in for a userdata, native function or coroutine of a sandbox.
    StandIn,
    Vim,
    EmptyDict,
    VimNil,
    /// `dispatch(what, sandbox, …)`, set by `setup`.
    Dispatch,
    /// `package.loaded`.
    Loaded,
    /// Takes a 64-bit integer apart.
    SplitInteger,
    /// Makes a 64-bit integer.
    JoinInteger,
    /// `next`, in an order that the contents decide.
    OrderedNext,
    /// `string.dump`, with constant tables in order.
    OrderedDump,
    /// Gives back the batons of coroutines that have yielded unseen.
    GiveBack,
    /// A closure whose first upvalue is the function that runs what callbacks make.
    GuardCarrier,
    /// Makes a function that runs on main of one whose placement is another.
    OnMain,
    /// Wraps a function of main's own that a sandbox hands to Neovim.
    WrapOwn,
    /// Makes the environment of functions that find the sandbox's globals behind the host's.
    Globals,
    /// Operators by name.
    Operators,
    /// Collects garbage.
    Collect,
    /// Ends what stands for a coroutine of a sandbox.
    EndStandIn,
    /// Calls a function from a place that errors can name.
    Apply,
    /// Makes the notes of a sandbox.
    BeginNotes,
    /// Tells whether a native function is what `coroutine.wrap` has made.
    Resumes,
}

/// Tables of a session that live in Lua; index of the session's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Part {
    /// Ids by object, for functions and tables; weak keys.
    Ids = 1,
    /// Objects of the host by id, as long as the sandbox has a replica.
    Originals,
    /// Objects of the sandbox by id; weak values, see `Session::hold_replicas`.
    Replicas,
    /// Carriers by cell id, of the host's variables and of those that must not be forgotten.
    Carriers,
    /// Carriers by cell id, of the sandbox's variables; weak values like those.
    WeakCarriers,
    /// Ids by object, for remotes; weak keys.
    Remotes,
    /// Environments by the id of a sandbox's table of globals; weak values.
    Globals,
    /// Objects of the host by id that the sandbox has released and an earlier message may still name.
    Buried,
    /// What its code has written on main, see `notes.lua`; a list, not by id.
    Notes,
}

/// How many parts there are.
const PARTS: c_int = Part::Notes as c_int;

/// Where functions of a sandbox run when the host calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    Main,
    Thread,
    Sync,
    /// In the thread if the function returns nothing, else on main.
    ByResult,
}

/// Code of a function that the sandbox has sent.
#[derive(Debug, Clone)]
pub(crate) enum Code {
    Dump {
        dump: Rc<Dump>,
        range: (u64, u64),
    },
    Source {
        chunk_name: Rc<[u8]>,
        first_line: u64,
        text: Rc<[u8]>,
        upvalues: Rc<[Box<[u8]>]>,
    },
}

/// A shared variable.
#[derive(Debug)]
pub(crate) struct CellRecord {
    /// Which upvalue of its carrier it is.
    pub(crate) upvalue: c_int,
    /// The variable's identity, see `Stack::upvalue_id`.
    pub(crate) key: usize,
    /// Nobody ever assigns it.
    pub(crate) immutable: bool,
    /// The value that both sides know, encoded.
    pub(crate) shadow: Vec<u8>,
}

/// One entry of a shared table as both sides know it.
#[derive(Debug)]
pub(crate) struct EntryRecord {
    /// The encoded value.
    pub(crate) value: Box<[u8]>,
    /// The number of the comparison that last saw the entry.
    pub(crate) seen: u32,
}

/// Hashing that is the same in every run: entries come in an order that depends on what was done alone.
pub(crate) type FixedState = BuildHasherDefault<DefaultHasher>;

/// The contents of a shared table that both sides know.
#[derive(Debug, Default)]
pub(crate) struct TableRecord {
    /// Entries by encoded key.
    pub(crate) shadow: HashMap<Box<[u8]>, EntryRecord, FixedState>,
    /// The encoded metatable, or nothing.
    pub(crate) metatable: Vec<u8>,
    pub(crate) comparison: u32,
}

/// A function that the sandbox has sent, with what it takes to make it again.
#[derive(Debug, Clone)]
pub(crate) struct FunctionRecord {
    pub(crate) code: Code,
    pub(crate) cells: Rc<[Id]>,
    pub(crate) environment: Environment,
    pub(crate) written: Rc<Written>,
}

/// What the code of a function of the sandbox can write on main without noting it.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) cells: Vec<Id>,
    /// Any variable.
    pub(crate) all_cells: bool,
    pub(crate) anything: bool,
}

/// Where a function of the sandbox finds its globals.
#[derive(Debug, Clone)]
pub(crate) enum Environment {
    /// Among the host's.
    Host,
    /// Among the host's, then in the sandbox's table of globals with that id.
    Both(Id),
    /// In a table of its own, an encoded value.
    Own(Rc<[u8]>),
}

/// A value of the host that stays here.
#[derive(Debug)]
pub(crate) struct RemoteRecord {
    pub(crate) kind: Reference,
    /// How often it was sent.
    pub(crate) sent: u64,
}

/// The objects that a sandbox and the host share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ids: IdSource,
    /// Dumps that the sandbox has.
    pub(crate) codes: HashSet<u64>,
    pub(crate) cells: BTreeMap<Id, CellRecord>,
    /// Cells by the identity of their variable.
    pub(crate) cell_ids: HashMap<usize, Id>,
    pub(crate) tables: BTreeMap<Id, TableRecord>,
    /// Functions of the sandbox.
    pub(crate) functions: BTreeMap<Id, FunctionRecord>,
    /// Functions of the host that the sandbox has, with their variables.
    pub(crate) own_functions: HashMap<Id, Rc<[Id]>>,
    /// Functions that were given another environment, of which the sandbox has not been told.
    pub(crate) environments: BTreeSet<Id>,
    /// Values of the host that stay here.
    pub(crate) remotes: HashMap<Id, RemoteRecord>,
    /// Coroutines among them whose end the sandbox has not been told of.
    pub(crate) coroutines: BTreeSet<Id>,
    /// Coroutines of the sandbox that have come to their end.
    pub(crate) ended: BTreeSet<Id>,
    /// Values that stay in the sandbox, with their kinds.
    pub(crate) locals: HashMap<Id, Reference>,
}

/// Something that the sandbox does for main, which waits for it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) task: u64,
    /// Entries that main had when it began, its own included.
    pub(crate) depth: u32,
    /// Messages that were there before; they wait, since whatever main is in the middle of is one step.
    pub(crate) deferred: Vec<Incoming>,
}

impl Shared {
    /// Returns how many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
            + self.tables.len()
            + self.functions.len()
            + self.own_functions.len()
            + self.remotes.len()
            + self.locals.len()
    }

    /// Forgets what is known of an object and returns whether it was known.
    pub(crate) fn forget(&mut self, id: Id) -> bool {
        if let Some(cell) = self.cells.remove(&id) {
            if self.cell_ids.get(&cell.key) == Some(&id) {
                self.cell_ids.remove(&cell.key);
            }
            return true;
        }
        self.coroutines.remove(&id);
        self.ended.remove(&id);
        self.environments.remove(&id);
        let known = [
            self.tables.remove(&id).is_some(),
            self.functions.remove(&id).is_some(),
            self.own_functions.remove(&id).is_some(),
            self.remotes.remove(&id).is_some(),
            self.locals.remove(&id).is_some(),
        ];
        known.contains(&true)
    }

    /// Returns for each variable a function of the host that has it, and as which upvalue.
    pub(crate) fn carriers(&self) -> HashMap<Id, (Id, c_int)> {
        let functions = self.own_functions.iter();
        let each = functions.flat_map(|(&function, cells)| {
            let numbered = cells.iter().zip(1..);
            numbered.map(move |(&cell, upvalue)| (cell, (function, upvalue)))
        });
        each.collect()
    }
}

/// One sandbox as the host sees it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: u32,
    pub(crate) handle: Opaque<Handle>,
    pub(crate) placement: Placement,
    /// Callbacks on main do not wait for the baton, see `relaxed.rs`.
    pub(crate) relaxed: bool,
    /// What main has written may not have been noted: all is compared at the end of this turn.
    pub(crate) compare_all: Cell<bool>,
    /// The same at the end of each: metamethods may run that are main's own.
    pub(crate) always_compare: Cell<bool>,
    /// Host calls that main is in the middle of, which may run anything.
    pub(crate) serving: Cell<u32>,
    /// A relaxed callback has written what was not handed over yet.
    pub(crate) owes: Cell<bool>,
    /// Loaded modules cross as values instead of by name.
    pub(crate) share_modules: bool,
    /// The session's table, see [`Part`].
    pub(crate) parts: c_int,
    /// The metatable of the tables that hold replicas.
    weakness: c_int,
    /// Replicas are not to be collected for the time being.
    holds: Cell<bool>,
    pub(crate) shared: RefCell<Shared>,
    /// Operations under way, the innermost last.
    pub(crate) operations: RefCell<Vec<Operation>>,
    /// How often the baton has been taken and not given back.
    pub(crate) depth: Cell<u32>,
    next_task: Cell<u64>,
    /// Messages whose fields are still to be decoded.
    pub(crate) pending: Cell<u32>,
    /// Messages that are being dealt with.
    pub(crate) decoding: Cell<u32>,
    /// There is something in `Part::Buried`.
    pub(crate) has_buried: Cell<bool>,
    pub(crate) ended: Cell<bool>,
    /// The garbage collector has run since the last look for lost replicas.
    pub(crate) sweep: Cell<bool>,
    /// When garbage was looked for.
    pub(crate) collected: RefCell<Collected>,
    /// Deltas that have arrived, and objects that were named here.
    pub(crate) traffic: Cell<u64>,
    /// Tasks that a callback waits for, with their `Finished` message once it is there.
    pub(crate) awaited: RefCell<HashMap<u64, Option<Vec<u8>>>>,
}

/// Hides a value from `Debug`.
pub(crate) struct Opaque<T>(pub(crate) T);

impl<T> std::fmt::Debug for Opaque<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

/// A message that has arrived.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) session: u32,
    pub(crate) bytes: Vec<u8>,
    /// Its delta has been applied already.
    pub(crate) applied: bool,
}

impl Incoming {
    fn new((SandboxId(session), bytes): (SandboxId, Vec<u8>)) -> Self {
        Incoming {
            session,
            bytes,
            applied: false,
        }
    }
}

/// Everything on the host's side; one per process, on the main thread.
#[derive(Debug)]
pub(crate) struct Host {
    /// The table of `support.lua`.
    support: c_int,
    pub(crate) sessions: RefCell<BTreeMap<u32, Rc<Session>>>,
    /// What the sandboxes send.
    pub(crate) inbox: Receiver<(SandboxId, Vec<u8>)>,
    /// Messages taken from the inbox and not yet dealt with.
    pub(crate) queue: RefCell<VecDeque<Incoming>>,
    pub(crate) codes: RefCell<Codes>,
    pub(crate) rewritten: RefCell<Rewritten>,
    /// The identity of the variable through which envelopes are known.
    guard: usize,
    /// Neovim is leaving.
    pub(crate) leaving: Cell<bool>,
}

/// The dumps of this process, each once.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    by_bytes: HashMap<Vec<u8>, u64>,
    dumps: Vec<Rc<Dump>>,
}

impl Codes {
    /// Returns the number and index of a dump.
    pub(crate) fn intern(&mut self, bytes: &[u8]) -> Result<(u64, Rc<Dump>), HostError> {
        if let Some(&code) = self.by_bytes.get(bytes) {
            return Ok((code, Rc::clone(&self.dumps[code as usize])));
        }
        let dump = Rc::new(Dump::parse(bytes.to_vec()).ok_or(HostError::NoDump)?);
        let code = self.dumps.len() as u64;
        self.by_bytes.insert(bytes.to_vec(), code);
        self.dumps.push(Rc::clone(&dump));
        Ok((code, dump))
    }

    pub(crate) fn get(&self, code: u64) -> Option<Rc<Dump>> {
        self.dumps.get(usize::try_from(code).ok()?).cloned()
    }
}

thread_local! {
    static HOST: RefCell<Option<Rc<Host>>> = const { RefCell::new(None) };
}

/// Returns the host's state, which exists on the main thread once `setup` has run.
pub(crate) fn host() -> Result<Rc<Host>, HostError> {
    HOST.with_borrow(|host| host.clone())
        .ok_or(HostError::NotSetUp)
}

/// Makes the host's state; the support table is on top of the stack. `(-1, +0)`
pub(crate) fn install(stack: &mut Stack<'_>, inbox: Receiver<(SandboxId, Vec<u8>)>) {
    let support = stack.top();
    stack.raw_get_index(support, Slot::GuardCarrier as c_int);
    let guard = stack.upvalue_id(support + 1, 1);
    stack.pop(1);
    let host = Host {
        support: stack.keep(),
        rewritten: RefCell::default(),
        guard,
        sessions: RefCell::default(),
        inbox,
        queue: RefCell::default(),
        codes: RefCell::default(),
        leaving: Cell::new(false),
    };
    HOST.set(Some(Rc::new(host)));
}

impl Host {
    /// Pushes a value of `support.lua`. `(-0, +1)`
    pub(crate) fn push_slot(&self, stack: &mut Stack<'_>, slot: Slot) {
        stack.push_kept(self.support);
        let table = stack.top();
        stack.raw_get_index(table, slot as c_int);
        stack.remove(table);
    }

    /// Pushes what the Lua function at an index is the wrapper or the envelope of, if it is one.
    /// `(-0, +1)` or `(-0, +0)`
    pub(crate) fn push_wrapped(&self, stack: &mut Stack<'_>, index: c_int) -> bool {
        let top = stack.top();
        let fits =
            stack.upvalue(index, KEEP).is_some() && stack.upvalue_id(index, GUARD) == self.guard;
        stack.set_top(top);
        fits && stack.upvalue(index, FUNCTION).is_some()
    }

    /// Returns a dump of the code that what the wrapper or envelope at an index is of has at its
    /// origin, nothing if that is no other.
    pub(crate) fn original_code(
        &self,
        stack: &mut Stack<'_>,
        index: c_int,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let top = stack.top();
        let mut bytes = Vec::new();
        stack.push_value(index);
        stack.dump(&mut bytes)?;
        let number = number_in(bytes).or_else(|| {
            stack.upvalue(index, KEEP);
            let keep = stack.top();
            stack.push_string(b"place");
            stack.raw_get(keep);
            (!stack.is_nil(-1)).then(|| stack.number(-1) as u32)
        });
        stack.set_top(top);
        let Some(number) = number else {
            return Ok(None);
        };
        let rewritten = self.rewritten.borrow();
        let place = rewritten.place(number).ok_or(HostError::NoDump)?;
        let code = bytecode::dump::slice(&place.dump.bytes, place.range.clone());
        Ok(Some(code))
    }

    pub(crate) fn session(&self, id: u32) -> Option<Rc<Session>> {
        self.sessions.borrow().get(&id).cloned()
    }

    /// Moves what has arrived from the inbox to the queue and returns whether there is anything.
    pub(crate) fn receive(&self) -> bool {
        let mut queue = self.queue.borrow_mut();
        queue.extend(self.inbox.try_iter().map(Incoming::new));
        !queue.is_empty()
    }

    /// Waits for a message to come, at most that long, and returns whether one waits now.
    pub(crate) fn listen(&self, time: Duration) -> bool {
        // Received here only to wait; the queue keeps the order.
        if !self.receive()
            && let Ok(message) = self.inbox.recv_timeout(time)
        {
            self.queue.borrow_mut().push_back(Incoming::new(message));
        }
        !self.queue.borrow().is_empty()
    }
}

/// Pushes a new table with a `__mode`. `(-0, +1)`
pub(crate) fn push_weak_table(stack: &mut Stack<'_>, mode: &str) {
    stack.new_table(0, 0);
    if !mode.is_empty() {
        let table = stack.top();
        stack.new_table(0, 1);
        let metatable = stack.top();
        stack.push_string(b"__mode");
        stack.push_string(mode.as_bytes());
        stack.raw_set(metatable);
        stack.set_metatable(table);
    }
}

impl Session {
    /// Creates the session of a sandbox that has not run yet.
    pub(crate) fn new(
        host: &Host,
        stack: &mut Stack<'_>,
        handle: Handle,
        placement: Placement,
        relaxed: bool,
        share_modules: bool,
    ) -> Result<Session, HostError> {
        stack.reserve(8)?;
        let top = stack.top();
        stack.new_table(8, 0);
        let parts = stack.top();
        push_weak_table(stack, "v");
        let weak_values = stack.top();
        stack.metatable(weak_values);
        let weakness = stack.keep();
        stack.pop(1);
        for (part, mode) in [
            (Part::Ids, "k"),
            (Part::Originals, ""),
            (Part::Replicas, "v"),
            (Part::Carriers, ""),
            (Part::WeakCarriers, "v"),
            (Part::Remotes, "k"),
            (Part::Globals, "v"),
            (Part::Buried, ""),
        ] {
            push_weak_table(stack, mode);
            if matches!(part, Part::Replicas | Part::WeakCarriers) {
                stack.push_kept(weakness);
                let table = stack.top() - 1;
                stack.set_metatable(table);
            }
            stack.raw_set_index(parts, part as c_int);
        }
        host.push_slot(stack, Slot::BeginNotes);
        stack.push_number(handle.id().0.into());
        stack.raw_get_index(parts, Part::Ids as c_int);
        stack.push_boolean(relaxed);
        if !stack.call(3, 1, 0) {
            return Err(HostError::Internal("no notes".into()));
        }
        stack.raw_set_index(parts, Part::Notes as c_int);
        let parts = stack.keep();
        stack.set_top(top);
        Ok(Session {
            id: handle.id().0,
            handle: Opaque(handle),
            placement,
            relaxed,
            compare_all: Cell::new(false),
            always_compare: Cell::new(false),
            serving: Cell::new(0),
            owes: Cell::new(false),
            share_modules,
            parts,
            weakness,
            holds: Cell::new(false),
            shared: RefCell::new(Shared {
                ids: IdSource::new(Side::Host),
                codes: HashSet::new(),
                cells: BTreeMap::new(),
                cell_ids: HashMap::new(),
                tables: BTreeMap::new(),
                functions: BTreeMap::new(),
                own_functions: HashMap::new(),
                environments: BTreeSet::new(),
                remotes: HashMap::new(),
                coroutines: BTreeSet::new(),
                ended: BTreeSet::new(),
                locals: HashMap::new(),
            }),
            operations: RefCell::default(),
            depth: Cell::new(0),
            next_task: Cell::new(1),
            pending: Cell::new(0),
            decoding: Cell::new(0),
            has_buried: Cell::new(false),
            ended: Cell::new(false),
            sweep: Cell::new(false),
            collected: RefCell::default(),
            traffic: Cell::new(0),
            awaited: RefCell::default(),
        })
    }

    /// Returns whether messages have been applied whose fields, which may name anything, are still to be
    /// decoded.
    pub(crate) fn has_undecoded(&self) -> bool {
        self.pending.get() > 0 || self.awaited.borrow().values().any(Option::is_some)
    }

    /// Returns whether a message that has arrived may still name what the sandbox releases now.
    pub(crate) fn may_name(&self) -> bool {
        self.decoding.get() > 0 || self.has_undecoded()
    }

    /// Lets go of what was released and named by an earlier message, if there is no such message any more.
    pub(crate) fn forget_buried(&self, stack: &mut Stack<'_>) {
        if self.ended.get() || self.may_name() {
            return;
        }
        let top = stack.top();
        if self.has_buried.replace(false) && stack.reserve(4).is_ok() {
            stack.push_kept(self.parts);
            stack.new_table(0, 0);
            stack.raw_set_index(top + 1, Part::Buried as c_int);
        }
        stack.set_top(top);
    }

    /// Counts that objects became known on either side.
    pub(crate) fn count_traffic(&self) {
        self.traffic.set(self.traffic.get() + 1);
    }

    pub(crate) fn give_task(&self) -> u64 {
        self.next_task.replace(self.next_task.get() + 1)
    }

    /// Forgets everything that was shared; wrappers go on by themselves.
    pub(crate) fn end(&self, stack: &mut Stack<'_>) {
        if !self.ended.replace(true) {
            self.end_notes(stack);
            stack.drop_kept(self.parts);
            stack.drop_kept(self.weakness);
        }
    }

    /// Keeps replicas from being collected, or does so no more: main may write one and let go of it, and that
    /// must not be lost before the sandbox has heard of it.
    pub(crate) fn hold_replicas(&self, stack: &mut Stack<'_>, holds: bool) {
        if self.ended.get() || self.holds.replace(holds) == holds {
            return;
        }
        let top = stack.top();
        stack.push_kept(self.weakness);
        stack.push_string(b"__mode");
        stack.push_string(if holds { b"" } else { b"v" });
        stack.raw_set(top + 1);
        stack.set_top(top);
    }

    /// Pushes the session's tables and the support table. `(-0, +10)`
    pub(crate) fn open(&self, host: &Host, stack: &mut Stack<'_>) -> Result<View, HostError> {
        if self.ended.get() {
            return Err(HostError::Ended(self.id));
        }
        stack.reserve(32)?;
        stack.push_kept(self.parts);
        let base = stack.top();
        for part in 1..=PARTS {
            stack.raw_get_index(base, part);
        }
        stack.push_kept(host.support);
        Ok(View { base })
    }
}

/// The session's tables on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    base: c_int,
}

impl View {
    pub(crate) fn part(self, part: Part) -> c_int {
        self.base + part as c_int
    }

    /// Pushes a value of the support table. `(-0, +1)`
    pub(crate) fn push_slot(self, stack: &mut Stack<'_>, slot: Slot) {
        stack.raw_get_index(self.base + PARTS + 1, slot as c_int);
    }

    /// Pushes what a part holds under an id. `(-0, +1)`
    pub(crate) fn push_by_id(self, stack: &mut Stack<'_>, part: Part, id: Id) {
        stack.push_number(id.raw() as f64);
        stack.raw_get(self.part(part));
    }

    /// Stores the value on top under an id, or removes what is there when it is nil. `(-1, +0)`
    pub(crate) fn set_by_id(self, stack: &mut Stack<'_>, part: Part, id: Id) {
        stack.push_number(id.raw() as f64);
        let key = stack.top() - 1;
        stack.insert(key);
        stack.raw_set(self.part(part));
    }

    /// Returns the id that a part holds for the object at an index.
    pub(crate) fn id_of(self, stack: &mut Stack<'_>, part: Part, object: c_int) -> Option<Id> {
        stack.push_value(object);
        stack.raw_get(self.part(part));
        let raw = stack.number(-1);
        stack.pop(1);
        Id::from_raw(raw as u64)
    }

    /// Stores an id, or nothing, for the object at an absolute index.
    pub(crate) fn set_id(self, stack: &mut Stack<'_>, part: Part, object: c_int, id: Option<Id>) {
        stack.push_value(object);
        match id {
            Some(id) => stack.push_number(id.raw() as f64),
            None => stack.push_nil(),
        }
        stack.raw_set(self.part(part));
    }

    /// Pushes the carrier of a cell, nil if it is lost. `(-0, +1)`
    pub(crate) fn push_carrier(self, stack: &mut Stack<'_>, id: Id) {
        self.push_by_id(stack, Part::Carriers, id);
        if stack.is_nil(-1) {
            stack.pop(1);
            self.push_by_id(stack, Part::WeakCarriers, id);
        }
    }
}
