//! Buffered streams over what the environment offers: open files, pipes and the three standard streams.
//!
//! As in C, a file is read or written through a buffer, and turning from one to the other moves the file to
//! where the program believes it to be. When written bytes leave the buffer can be seen from outside, and so
//! can where an error shows: both are as in the C library of Linux.

use std::cell::RefCell;
use std::io::{self, SeekFrom};
use std::rc::{Rc, Weak};

use crate::environment::{Buffering, Environment, File, Process, Standard};
use crate::heap;

/// Bytes read or written at a time: the block size of nearly all file systems.
const BUFFER: usize = 4096;

/// Buffers smaller than this are passed by.
const SMALL: usize = 128;

/// Where the bytes come from and go to.
#[derive(Debug)]
pub(super) enum Source {
    File(Box<dyn File>),
    Process(Box<dyn Process>),
    Standard(Standard),
    /// It was closed.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Stream {
    source: Source,
    environment: Rc<dyn Environment>,
    pub(super) may_read: bool,
    pub(super) may_write: bool,
    buffering: Buffering,
    /// Bytes that may wait to be written: one for ever after the stream was unbuffered.
    capacity: usize,
    /// Bytes read ahead; those before `taken` are used up.
    ahead: Vec<u8>,
    taken: usize,
    /// Bytes that wait to be written.
    behind: Vec<u8>,
    /// Whether the last thing done was to write: C's first write goes past the buffer if it can.
    is_writing: bool,
    /// Whether the heap is charged for the buffers.
    is_charged: bool,
}

impl Stream {
    /// What a stream adds to the heap.
    pub(super) const MEMORY: usize = 2 * BUFFER;

    /// Makes the stream of something that was opened, for which the heap was charged.
    pub(super) fn new(
        source: Source,
        may_read: bool,
        may_write: bool,
        environment: Rc<dyn Environment>,
    ) -> Stream {
        Stream {
            is_charged: !matches!(source, Source::Standard(_)),
            source,
            environment,
            may_read,
            may_write,
            buffering: Buffering::Full,
            capacity: BUFFER,
            ahead: Vec::new(),
            taken: 0,
            behind: Vec::new(),
            is_writing: false,
        }
    }

    pub(super) fn standard(stream: Standard, environment: Rc<dyn Environment>) -> Stream {
        let is_input = stream == Standard::Input;
        Stream::new(Source::Standard(stream), is_input, !is_input, environment)
    }

    /// Returns bytes that can be taken, after a read if there are none; nothing at the end.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.ahead.len() {
            let mut ahead = std::mem::take(&mut self.ahead);
            self.taken = 0;
            ahead.resize(BUFFER, 0);
            let result = self.receive(&mut ahead);
            ahead.truncate(*result.as_ref().unwrap_or(&0));
            self.ahead = ahead;
            result?;
        }
        Ok(&self.ahead[self.taken..])
    }

    /// Reads into `bytes` what is there; whole buffers go past the stream's own. Returns 0 at the end.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ahead.len() && bytes.len() >= BUFFER {
            return self.receive(bytes);
        }
        let ahead = self.fill()?;
        let len = ahead.len().min(bytes.len());
        bytes[..len].copy_from_slice(&ahead[..len]);
        self.taken += len;
        Ok(len)
    }

    fn receive(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        // As in C, what was written gets to the file first, even where nothing can be read.
        self.send()?;
        if !self.may_read {
            return Err(bad_descriptor());
        }
        self.is_writing = false;
        loop {
            let result = match &mut self.source {
                Source::File(file) => file.read(bytes),
                Source::Process(process) => process.read(bytes),
                Source::Standard(_) => self.environment.read_input(bytes),
                Source::Nothing => Ok(0),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Uses up bytes that `fill` returned.
    pub(super) fn take(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.ahead.len());
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Nothing can be written to anything.
        if !self.may_write && !bytes.is_empty() {
            return Err(bad_descriptor());
        }
        match self.source {
            Source::Standard(Standard::Error) => return self.environment.write_error(bytes),
            Source::Standard(_) => return self.environment.write(bytes),
            _ => {}
        }
        self.drop_ahead()?;
        if bytes.is_empty() {
            return Ok(());
        }
        if self.buffering == Buffering::None {
            return self.send_bytes(bytes);
        }
        let ends_line = |bytes: &[u8]| match self.buffering {
            Buffering::Line => memchr::memrchr(b'\n', bytes).map(|at| at + 1),
            _ => None,
        };
        let mut room = self.capacity.saturating_sub(self.behind.len());
        if !std::mem::replace(&mut self.is_writing, true) {
            room = 0;
        }
        let line_end = ends_line(bytes).filter(|_| bytes.len() <= room);
        let (first, rest) = bytes.split_at(line_end.unwrap_or(bytes.len().min(room)));
        self.behind.extend_from_slice(first);
        if rest.is_empty() && line_end.is_none() {
            return Ok(());
        }
        let rest_end = ends_line(rest);
        self.send()?;
        let tail = if self.capacity < SMALL {
            0
        } else {
            rest.len() % self.capacity
        };
        let (blocks, rest) = rest.split_at(rest.len() - tail);
        self.send_bytes(blocks)?;
        let (lines, rest) =
            rest.split_at(rest_end.map_or(0, |end| end.saturating_sub(blocks.len())));
        self.send_bytes(lines)?;
        self.behind.extend_from_slice(rest);
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        match &mut self.source {
            Source::File(file) => file.flush(),
            Source::Standard(Standard::Output) => self.environment.flush(),
            _ => Ok(()),
        }
    }

    pub(super) fn set_buffering(&mut self, buffering: Buffering) -> io::Result<()> {
        self.buffering = buffering;
        if buffering == Buffering::None {
            self.capacity = 1;
            self.send()?;
        }
        match self.source {
            Source::Standard(Standard::Output) => self.environment.buffer_output(buffering),
            _ => Ok(()),
        }
    }

    /// Writes what waits and closes the file; a command is waited for.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let sent = self.send();
        match std::mem::replace(&mut self.source, Source::Nothing) {
            Source::Process(process) => process.finish().and(sent),
            _ => sent,
        }
    }

    /// Moves to `offset` from the start, from here or from the end (`whence` 0, 1, 2); returns the position.
    pub(super) fn seek(&mut self, whence: usize, offset: i64) -> io::Result<u64> {
        self.send()?;
        self.drop_ahead()?;
        self.is_writing = false;
        let to = match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?),
            1 => SeekFrom::Current(offset),
            _ => SeekFrom::End(offset),
        };
        self.move_to(to)
    }

    fn move_to(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.source {
            Source::File(file) => file.seek(to),
            Source::Standard(stream) => self.environment.seek(*stream, to),
            // Illegal seek.
            Source::Process(_) | Source::Nothing => Err(io::Error::from_raw_os_error(29)),
        }
    }

    /// Moves the file back to the first byte that was read but not taken.
    fn drop_ahead(&mut self) -> io::Result<()> {
        let unread = self.ahead.len() - self.taken;
        if unread > 0 {
            self.move_to(SeekFrom::Current(-(unread as i64)))?;
            self.ahead.clear();
            self.taken = 0;
        }
        Ok(())
    }

    /// Writes what waits; what cannot be written is lost, as in C.
    fn send(&mut self) -> io::Result<()> {
        if self.behind.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.behind);
        let result = self.send_bytes(&bytes);
        self.behind = bytes;
        self.behind.clear();
        result
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.source {
            Source::File(file) => file.write_all(bytes),
            Source::Process(process) => process.write_all(bytes),
            Source::Standard(_) | Source::Nothing => Ok(()),
        }
    }
}

/// The error of a file that is read but was opened for writing, or the other way round.
fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(9)
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A file that a program forgot; nobody is left to tell of an error.
        let _ = self.send();
        if self.is_charged {
            heap::dropped(Stream::MEMORY);
        }
    }
}

/// The streams of one VM that may have something to write: a command that is started must see it.
#[derive(Debug, Default)]
pub(super) struct OpenStreams(Vec<Weak<RefCell<Stream>>>);

impl OpenStreams {
    pub(super) fn add(&mut self, stream: &Rc<RefCell<Stream>>) {
        // Looked through when it has doubled, so that each addition costs little.
        if self.0.len().is_power_of_two() {
            self.0.retain(|stream| stream.strong_count() > 0);
        }
        self.0.push(Rc::downgrade(stream));
    }

    /// Writes what waits in any of them (C's `fflush(NULL)`).
    pub(super) fn flush(&self) {
        for stream in self.0.iter().filter_map(Weak::upgrade) {
            if let Ok(mut stream) = stream.try_borrow_mut() {
                let _ = stream.send();
            }
        }
    }
}
