//! Messages: the header that all have, and the fields of each kind.
//!
//! `Message::decode` checks the whole message before anything of it is used.

use crate::decode::Result;
use crate::{DecodeErrorKind, Decoder, Delta, DeltaBuilder, Encoder, Id, Reference, Side, Token};

/// What a message says; `PROTOCOL.md` lists the fields of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Start = 1,
    Invoke = 2,
    Reply = 3,
    Changes = 4,
    Cancel = 5,
    Operate = 6,
    HostCall = 17,
    Finished = 18,
    Published = 19,
    Ended = 20,
}

impl Kind {
    fn from_number(number: u64) -> Option<Kind> {
        Some(match number {
            1 => Kind::Start,
            2 => Kind::Invoke,
            3 => Kind::Reply,
            4 => Kind::Changes,
            5 => Kind::Cancel,
            6 => Kind::Operate,
            17 => Kind::HostCall,
            18 => Kind::Finished,
            19 => Kind::Published,
            20 => Kind::Ended,
            _ => return None,
        })
    }

    /// Returns who sends messages of this kind.
    pub fn sender(self) -> Side {
        if (self as u8) < 16 {
            Side::Host
        } else {
            Side::Sandbox
        }
    }

    /// Returns how many fields follow the delta.
    pub fn fields(self) -> u32 {
        match self {
            Kind::Start | Kind::Invoke | Kind::Operate => 2,
            Kind::Reply => 4,
            Kind::Changes => 0,
            Kind::Cancel => 1,
            Kind::HostCall => 3,
            Kind::Finished => 4,
            Kind::Published => 0,
            Kind::Ended => 1,
        }
    }
}

/// A message as received: well-formed in full, its delta and fields not yet applied.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub kind: Kind,
    /// The task or host call that the message is about, else 0.
    pub number: u64,
    pub delta: Option<Delta<'a>>,
    /// The fields, one after the other.
    pub fields: Decoder<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message's header and delta and checks all of it.
    ///
    /// # Errors
    /// Fails if any byte of the message is out of place; values of fields are checked for being
    /// well-formed but not for being what their receiver expects.
    pub fn decode(bytes: &'a [u8]) -> Result<Message<'a>> {
        let mut decoder = Decoder::new(bytes);
        let len = decoder.array()?;
        let at_kind = decoder.clone();
        let number = decoder.unsigned()?;
        let kind = Kind::from_number(number)
            .ok_or_else(|| at_kind.error(DecodeErrorKind::BadKind(number)))?;
        if len != 3 + kind.fields() {
            return Err(at_kind.error(DecodeErrorKind::BadFields(len.saturating_sub(3))));
        }
        let number = decoder.unsigned()?;
        let delta = Delta::decode(&mut decoder)?;
        let fields = decoder.clone();
        for _ in 0..kind.fields() {
            decoder.skip()?;
        }
        if !decoder.is_done() {
            return Err(decoder.error(DecodeErrorKind::TrailingBytes));
        }
        Ok(Message {
            kind,
            number,
            delta,
            fields,
        })
    }
}

/// Puts a message together; `fields` holds as many values as the kind has fields.
pub fn encode_message(
    kind: Kind,
    number: u64,
    delta: Option<&DeltaBuilder>,
    fields: &Encoder,
) -> Vec<u8> {
    let delta = delta.filter(|delta| !delta.is_empty());
    let mut message =
        Encoder::with_capacity(16 + fields.len() + delta.map_or(0, DeltaBuilder::len));
    message.array_len(3 + kind.fields() as usize);
    message.unsigned(kind as u64);
    message.unsigned(number);
    match delta {
        Some(delta) => delta.encode(&mut message),
        None => message.nil(),
    }
    message.append(fields.as_bytes());
    message.into_bytes()
}

/// What a sandbox wants of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Call = 1,
    Get = 2,
    Set = 3,
    /// A call that nobody waits for.
    Post = 4,
    /// An operator, applied to values that stay on the host.
    Operate = 5,
}

/// What a host call is about.
#[derive(Debug, Clone)]
pub enum Target<'a> {
    /// That many keys, each one token, in the decoder.
    Path(u32, Decoder<'a>),
    Reference(Reference, Id),
}

/// The fields of [`Kind::HostCall`].
#[derive(Debug, Clone)]
pub struct HostCall<'a> {
    pub operation: Operation,
    pub target: Target<'a>,
    /// How many arguments there are.
    pub argument_count: u32,
    /// The arguments, one after the other.
    pub arguments: Decoder<'a>,
}

impl<'a> HostCall<'a> {
    /// Reads the fields of a host call.
    ///
    /// # Errors
    /// Fails if the operation is unknown or the target is no path of scalars and no reference.
    pub fn decode(mut fields: Decoder<'a>) -> Result<HostCall<'a>> {
        let at_operation = fields.clone();
        let operation = match fields.unsigned()? {
            1 => Operation::Call,
            2 => Operation::Get,
            3 => Operation::Set,
            4 => Operation::Post,
            5 => Operation::Operate,
            _ => return Err(at_operation.error(DecodeErrorKind::Expected("an operation"))),
        };
        let at_target = fields.clone();
        let target = match fields.token()? {
            Token::Reference(kind, id) => Target::Reference(kind, id),
            Token::Array(len) => {
                let keys = fields.clone();
                for _ in 0..len {
                    if matches!(
                        fields.token()?,
                        Token::Array(_) | Token::Map(_) | Token::Nil
                    ) {
                        return Err(at_target.error(DecodeErrorKind::Expected("a path")));
                    }
                }
                Target::Path(len, keys)
            }
            _ => return Err(at_target.error(DecodeErrorKind::Expected("a path or reference"))),
        };
        let argument_count = fields.array()?;
        Ok(HostCall {
            operation,
            target,
            argument_count,
            arguments: fields,
        })
    }
}
