//! A sandbox on a real worker thread, driven by a host that is this test: messages in, messages out.

use std::sync::Arc;
use std::time::Duration;

use bridge_sandbox::{Handle, Options, Outcome, Paths, Policy, SandboxId, Status, spawn};
use bridge_wire::{
    DeltaBuilder, Encoder, HostCall, Id, IdSource, Kind, Message, Operation, Side, Token,
    encode_message,
};
use crossbeam_channel::{Receiver, unbounded};
use interpreter::bytecode::dump;

struct Host {
    handle: Handle,
    messages: Receiver<(SandboxId, Vec<u8>)>,
    ids: IdSource,
}

fn options() -> Options {
    Options {
        name: "test".into(),
        seed: 1,
        fuel: None,
        memory: None,
        timeout: None,
        policy: Policy::Trusted,
        relaxed: false,
        hrtime: None,
        paths: Paths::default(),
    }
}

impl Host {
    fn new(options: Options) -> Host {
        let (outbox, messages) = unbounded();
        let handle = spawn(options, outbox, Arc::new(|| {})).expect("a worker");
        Host {
            handle,
            messages,
            ids: IdSource::new(Side::Host),
        }
    }

    /// Starts a function without upvalues, given as the source of a chunk.
    fn start(&mut self, source: &str, cells: &[(Id, f64)]) {
        let template =
            interpreter::compiler::compile(source.as_bytes(), b"=body").expect("compiles");
        let function = match template.constants.first() {
            Some(interpreter::bytecode::Constant::Child(child)) if !cells.is_empty() => {
                child.clone()
            }
            _ => template,
        };
        let bytes = dump::write(&function, false);
        let read = dump::read(bytes.clone().into()).expect("a dump of ours");
        let interpreter::bytecode::Origin::Dump { range, .. } = &read.origin else {
            panic!("a dump has a range")
        };
        let mut delta = DeltaBuilder::new();
        delta.objects.code(1, &bytes);
        let id = self.ids.give();
        let cell_ids: Vec<Id> = cells.iter().map(|cell| cell.0).collect();
        for (cell, value) in cells {
            delta.objects.cell(*cell, false);
            delta.fills.cell(*cell).number(*value);
        }
        let range = (range.start as u64, range.end as u64);
        delta.objects.dumped_function(id, 1, range, &cell_ids);
        let mut fields = Encoder::new();
        fields.reference(bridge_wire::Reference::Function, id);
        fields.array_len(0);
        self.handle
            .send(encode_message(Kind::Start, 1, Some(&delta), &fields));
    }

    fn receive(&self) -> Vec<u8> {
        self.messages
            .recv_timeout(Duration::from_secs(10))
            .expect("a message in time")
            .1
    }

    /// Receives until a message of a kind arrives.
    fn receive_kind(&self, kind: Kind) -> Vec<u8> {
        loop {
            let bytes = self.receive();
            if Message::decode(&bytes).expect("well-formed").kind == kind {
                return bytes;
            }
        }
    }

    fn reply_number(&self, call: u64, value: f64) {
        let mut fields = Encoder::new();
        fields.boolean(true);
        fields.array_len(1);
        fields.number(value);
        fields.nil();
        fields.boolean(false);
        self.handle
            .send(encode_message(Kind::Reply, call, None, &fields));
    }
}

/// Returns what `Finished` says: success, and the results or error as tokens' debug text.
fn finished(bytes: &[u8]) -> (bool, Vec<String>) {
    let message = Message::decode(bytes).expect("well-formed");
    assert_eq!(message.kind, Kind::Finished);
    let mut fields = message.fields.clone();
    let ok = fields.boolean().expect("a boolean");
    let count = if ok {
        fields.array().expect("results")
    } else {
        1
    };
    let texts = (0..count).map(|_| match fields.token().expect("a token") {
        Token::String(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    });
    (ok, texts.collect())
}

#[test]
fn results_come_back() {
    let mut host = Host::new(options());
    host.start("return 1 + 1, 'two', nil, true", &[]);
    let (ok, results) = finished(&host.receive_kind(Kind::Finished));
    assert!(ok);
    assert_eq!(results, ["Number(2.0)", "two", "Nil", "Boolean(true)"]);
    host.receive_kind(Kind::Ended);
    assert_eq!(host.handle.status(), Status::Ended(Outcome::Finished));
}

#[test]
fn an_error_arrives_with_its_place() {
    let mut host = Host::new(options());
    host.start("local t = nil\nreturn t.x", &[]);
    let (ok, error) = finished(&host.receive_kind(Kind::Finished));
    assert!(!ok);
    assert_eq!(error, ["body:2: attempt to index local 't' (a nil value)"]);
}

#[test]
fn a_host_call_suspends_wherever_it_is() {
    let mut host = Host::new(options());
    host.start(
        "local t = { 3, 1, 2 }
         table.sort(t, function(a, b) return vim.fn.weight(a) < vim.fn.weight(b) end)
         return t[1], t[2], t[3]",
        &[],
    );
    loop {
        let bytes = host.receive();
        let message = Message::decode(&bytes).expect("well-formed");
        if message.kind == Kind::Finished {
            assert_eq!(
                finished(&bytes).1,
                ["Number(3.0)", "Number(2.0)", "Number(1.0)"]
            );
            return;
        }
        let call = HostCall::decode(message.fields.clone()).expect("a host call");
        assert_eq!(call.operation, Operation::Call);
        let Token::Number(n) = call.arguments.clone().token().expect("an argument") else {
            panic!("not a number")
        };
        host.reply_number(message.number, -n);
    }
}

#[test]
fn a_written_cell_is_in_the_next_message() {
    let mut host = Host::new(options());
    let cell = host.ids.give();
    host.start(
        "local n = 0
         return function() n = n + 41 vim.fn.look() n = n + 1 end",
        &[(cell, 1.0)],
    );
    let bytes = host.receive_kind(Kind::HostCall);
    let message = Message::decode(&bytes).expect("well-formed");
    let mut fills = message.delta.as_ref().expect("a delta").fills();
    let Some(bridge_wire::Fill::Cell(id, mut value)) = fills.next_fill().expect("a fill") else {
        panic!("no cell")
    };
    assert_eq!(id, cell);
    assert_eq!(value.token().expect("a value"), Token::Number(42.0));
    host.reply_number(message.number, 0.0);
    let bytes = host.receive_kind(Kind::Finished);
    let message = Message::decode(&bytes).expect("well-formed");
    let mut fills = message.delta.expect("a delta").fills();
    let Some(bridge_wire::Fill::Cell(_, mut value)) = fills.next_fill().expect("a fill") else {
        panic!("no cell")
    };
    assert_eq!(value.token().expect("a value"), Token::Number(43.0));
}

#[test]
fn an_endless_loop_can_be_entered_and_killed() {
    let mut host = Host::new(options());
    host.start("while true do end", &[]);
    for _ in 0..100 {
        host.handle.enter();
        host.handle.leave();
    }
    host.handle.kill();
    let (ok, error) = finished(&host.receive_kind(Kind::Finished));
    assert!(!ok);
    assert_eq!(error, ["the sandbox 'test' has ended: killed"]);
    host.receive_kind(Kind::Ended);
    assert_eq!(host.handle.status(), Status::Ended(Outcome::Killed));
}

#[test]
fn limits_end_what_pcall_cannot_catch() {
    for (limited, outcome) in [
        (
            Options {
                fuel: Some(100_000),
                ..options()
            },
            Outcome::OutOfFuel,
        ),
        (
            Options {
                timeout: Some(Duration::from_millis(50)),
                ..options()
            },
            Outcome::TimedOut,
        ),
    ] {
        let mut host = Host::new(limited);
        host.start(
            "while true do pcall(function() while true do end end) end",
            &[],
        );
        assert!(!finished(&host.receive_kind(Kind::Finished)).0);
        host.receive_kind(Kind::Ended);
        assert_eq!(host.handle.status(), Status::Ended(outcome));
    }
    let mut host = Host::new(Options {
        memory: Some(4 << 20),
        ..options()
    });
    host.start(
        "local t = {} while true do pcall(function() t[#t + 1] = {} end) end",
        &[],
    );
    assert!(!finished(&host.receive_kind(Kind::Finished)).0);
}

#[test]
fn a_damaged_message_ends_the_sandbox_with_a_reason() {
    let mut host = Host::new(options());
    host.start("vim.fn.wait()", &[]);
    host.receive_kind(Kind::HostCall);
    host.handle.send(vec![0xc1, 0x00]);
    let (ok, error) = finished(&host.receive_kind(Kind::Finished));
    assert!(!ok);
    assert!(
        error[0].contains("a message of the host is damaged"),
        "{error:?}"
    );
}

#[test]
fn a_pure_sandbox_calls_nobody() {
    let mut host = Host::new(Options {
        policy: Policy::Pure,
        relaxed: false,
        hrtime: None,
        ..options()
    });
    host.start("return select(2, pcall(vim.fn.nvim_command, 'quit'))", &[]);
    let (ok, results) = finished(&host.receive_kind(Kind::Finished));
    assert!(ok);
    assert!(
        results[0].contains("vim.fn.nvim_command is not allowed"),
        "{results:?}"
    );
}

#[test]
fn a_stepped_sandbox_runs_as_far_as_it_is_told() {
    bridge_sandbox::drive_inline();
    bridge_sandbox::record();
    let mut host = Host::new(options());
    let cell = host.ids.give();
    host.start(
        "local n = 0
         return function() for i = 1, 1000 do n = i end vim.uv.sleep(60000) n = -1 end",
        &[(cell, 0.0)],
    );
    let published = |host: &Host| {
        let bytes = host.messages.try_recv().expect("a message").1;
        let message = Message::decode(&bytes).expect("well-formed");
        let mut fills = message.delta.as_ref().expect("a delta").fills();
        let Some(bridge_wire::Fill::Cell(id, mut value)) = fills.next_fill().expect("a fill")
        else {
            panic!("no cell")
        };
        assert_eq!(id, cell);
        match value.token().expect("a token") {
            Token::Number(n) => n,
            other => panic!("{other:?}"),
        }
    };
    let mut before = 0.0;
    for _ in 0..10 {
        assert!(bridge_sandbox::step(20, 7).is_some());
        host.handle.enter();
        let n = published(&host);
        host.handle.leave();
        assert!(n > before && n <= before + 20.0, "{before} {n}");
        before = n;
    }
    while bridge_sandbox::look().0 > 0 {
        bridge_sandbox::step(1000, 0);
    }
    let minute = Duration::from_secs(60);
    assert_eq!(bridge_sandbox::look(), (0, Some(minute)));
    bridge_sandbox::pass(minute / 2);
    assert_eq!(bridge_sandbox::look(), (0, Some(minute / 2)));
    bridge_sandbox::pass(minute / 2);
    assert_eq!(bridge_sandbox::look(), (1, None));
    bridge_sandbox::step(1000, 0);
    assert_eq!(published(&host), 1000.0);
    host.receive_kind(Kind::Finished);
    let record = String::from_utf8(bridge_sandbox::take_record()).expect("text");
    assert!(record.starts_with("> 1 "), "{record}");
    assert_eq!(
        record.lines().filter(|line| line.starts_with('>')).count(),
        1
    );
    assert!(bridge_sandbox::take_record().is_empty());
}
