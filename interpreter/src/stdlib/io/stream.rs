//! Buffered streams over what the environment offers: open files and the three standard streams.
//!
//! As in C, a file is read or written through a buffer, and turning from one to the other moves the file to
//! where the program believes it to be.

use std::io::{self, SeekFrom};
use std::rc::Rc;

use crate::environment::{Environment, File};
use crate::heap;

const BUFFER: usize = 8 * 1024;

/// Where the bytes come from and go to.
#[derive(Debug)]
pub(super) enum Source {
    File(Box<dyn File>),
    Input,
    Output,
    ErrorOutput,
}

/// When written bytes leave the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Buffering {
    Full,
    Line,
    None,
}

#[derive(Debug)]
pub(super) struct Stream {
    source: Source,
    environment: Rc<dyn Environment>,
    pub(super) may_read: bool,
    pub(super) may_write: bool,
    pub(super) buffering: Buffering,
    /// Bytes read ahead; those before `taken` are used up.
    ahead: Vec<u8>,
    taken: usize,
    /// Bytes that wait to be written.
    behind: Vec<u8>,
}

impl Stream {
    /// What a stream that is a file adds to the heap.
    pub(super) const MEMORY: usize = 2 * BUFFER;

    pub(super) fn new(source: Source, environment: Rc<dyn Environment>) -> Stream {
        Stream {
            may_read: matches!(source, Source::Input),
            may_write: matches!(source, Source::Output | Source::ErrorOutput),
            source,
            environment,
            buffering: Buffering::Full,
            ahead: Vec::new(),
            taken: 0,
            behind: Vec::new(),
        }
    }

    /// Returns bytes that can be taken, after a read if there are none; nothing at the end.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.ahead.len() {
            if !self.may_read {
                return Err(bad_descriptor());
            }
            self.send()?;
            self.ahead.resize(BUFFER, 0);
            self.taken = 0;
            let result = loop {
                let result = match &mut self.source {
                    Source::File(file) => file.read(&mut self.ahead),
                    _ => self.environment.read_input(&mut self.ahead),
                };
                match result {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => break result,
                }
            };
            self.ahead.truncate(*result.as_ref().unwrap_or(&0));
            result?;
        }
        Ok(&self.ahead[self.taken..])
    }

    /// Uses up bytes that `fill` returned.
    pub(super) fn take(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.ahead.len());
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.may_write {
            return Err(bad_descriptor());
        }
        match self.source {
            Source::Output => return self.environment.write(bytes),
            Source::ErrorOutput => return self.environment.write_error(bytes),
            Source::Input | Source::File(_) => {}
        }
        self.drop_ahead()?;
        if self.behind.len() + bytes.len() > BUFFER {
            self.send()?;
        }
        if bytes.len() >= BUFFER {
            return self.send_bytes(bytes);
        }
        self.behind.extend_from_slice(bytes);
        match self.buffering {
            Buffering::None => self.send(),
            Buffering::Line if bytes.contains(&b'\n') => self.send(),
            Buffering::Line | Buffering::Full => Ok(()),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        match &mut self.source {
            Source::File(file) => file.flush(),
            Source::Output => self.environment.flush(),
            Source::Input | Source::ErrorOutput => Ok(()),
        }
    }

    /// Moves to `offset` from the start, from here or from the end (`whence` 0, 1, 2); returns the position.
    pub(super) fn seek(&mut self, whence: usize, offset: i64) -> io::Result<u64> {
        self.send()?;
        self.drop_ahead()?;
        let Source::File(file) = &mut self.source else {
            // Illegal seek, as for a pipe.
            return Err(io::Error::from_raw_os_error(29));
        };
        file.seek(match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?),
            1 => SeekFrom::Current(offset),
            _ => SeekFrom::End(offset),
        })
    }

    /// Moves the file back to the first byte that was read but not taken.
    fn drop_ahead(&mut self) -> io::Result<()> {
        let unread = self.ahead.len() - self.taken;
        if let Source::File(file) = &mut self.source
            && unread > 0
        {
            file.seek(SeekFrom::Current(-(unread as i64)))?;
            self.ahead.clear();
            self.taken = 0;
        }
        Ok(())
    }

    /// Writes what waits.
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
            Source::Input | Source::Output | Source::ErrorOutput => Ok(()),
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
        if let Source::File(_) = self.source {
            heap::dropped(Stream::MEMORY);
        }
    }
}
