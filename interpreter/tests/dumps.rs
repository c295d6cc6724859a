//! Dumps come from outside: whatever passes the verifier may do nonsense, but it stays in its memory.

mod support;

use interpreter::{Lua, Options};
use support::sources::SOURCES;
use support::{finish, try_start};

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn dump(source: &str) -> Vec<u8> {
    let mut lua = Lua::new(Options::default());
    lua.enter(|ctx| {
        let prototype = ctx.load(source.as_bytes(), b"=dumped").expect("loads");
        interpreter::bytecode::dump::write(prototype.template(), false)
    })
}

#[test]
fn mutated_dumps_stay_in_their_memory() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut ran = 0;
    for source in SOURCES {
        let original = dump(source);
        let mut lua = Lua::new(Options {
            memory: Some(16 << 20),
            ..Options::default()
        });
        lua.stress_collector(50.0);
        for _ in 0..600 {
            let mut bytes = original.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = match random.below(3) {
                    0 => bytes[at].wrapping_add(1),
                    1 => bytes[at] ^ 1 << random.below(8),
                    _ => random.below(256) as u8,
                };
            }
            if let Ok(mut task) = try_start(&mut lua, &bytes) {
                ran += 1;
                finish(&mut lua, &mut task, 50, 10);
                lua.interrupt(&mut task);
                lua.enter(|ctx| ctx.drop_task(task));
            }
        }
        lua.collect();
    }
    assert!(ran > 100, "only {ran} of the mutants were accepted");
}

#[test]
fn a_truncated_dump_is_refused() {
    let original = dump(SOURCES[0]);
    let mut lua = Lua::new(Options::default());
    for len in 4..original.len() {
        assert!(
            try_start(&mut lua, &original[..len]).is_err(),
            "{len} bytes"
        );
    }
}
