//! Waking Neovim's main loop from workers, and asking it whether it has something else to do.
//!
//! Any thread may call [`wake`]; everything else is for the main thread. Wakes coalesce: `PENDING`
//! is set by the first sender and cleared by the drain that has seen everything, so one
//! `uv_async_send` serves any number of messages.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use mlua::ffi::lua_State;

use crate::error::HostError;
use crate::stack::Stack;

/// 1 from the first send until a drain has found the inbox empty.
static PENDING: AtomicU32 = AtomicU32::new(0);

/// The async handle as an address, 0 before `setup` and from the moment that Neovim leaves.
static HANDLE: Mutex<usize> = Mutex::new(0);

static LIBUV: OnceLock<Libuv> = OnceLock::new();

/// libuv's type number of async handles.
const UV_ASYNC: c_int = 1;

/// The functions of Neovim's own libuv and its binding.
#[derive(Debug)]
struct Libuv {
    async_send: unsafe extern "C" fn(*mut c_void) -> c_int,
    handle_get_type: unsafe extern "C" fn(*const c_void) -> c_int,
    handle_get_loop: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    backend_fd: unsafe extern "C" fn(*const c_void) -> c_int,
    luv_loop: unsafe extern "C" fn(*mut lua_State) -> *mut c_void,
}

/// Looks up a symbol that the running program exports.
fn symbol(name: &'static CStr) -> Result<*mut c_void, HostError> {
    // SAFETY: the name is a C string; looking up a symbol has no other precondition.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return Err(HostError::Missing(name.to_str().unwrap_or("a function")));
    }
    Ok(address)
}

fn libuv() -> Result<&'static Libuv, HostError> {
    if let Some(libuv) = LIBUV.get() {
        return Ok(libuv);
    }
    // SAFETY: the symbols are the public C functions of libuv 1.x and luv with these signatures.
    let libuv = unsafe {
        Libuv {
            async_send: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut c_void) -> c_int,
            >(symbol(c"uv_async_send")?),
            handle_get_type: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*const c_void) -> c_int,
            >(symbol(c"uv_handle_get_type")?),
            handle_get_loop: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*const c_void) -> *mut c_void,
            >(symbol(c"uv_handle_get_loop")?),
            backend_fd: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*const c_void) -> c_int,
            >(symbol(c"uv_backend_fd")?),
            luv_loop: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut lua_State) -> *mut c_void,
            >(symbol(c"luv_loop")?),
        }
    };
    Ok(LIBUV.get_or_init(|| libuv))
}

/// Takes the `uv_async` at an index for waking the main loop.
pub(crate) fn set_handle(stack: &mut Stack<'_>, index: c_int) -> Result<(), HostError> {
    let libuv = libuv()?;
    let wrong = HostError::Argument("a uv_async handle of the main loop", stack.type_name(index));
    let Some(handle) = stack.luv_handle(index, c"uv_async") else {
        return Err(wrong);
    };
    // SAFETY: luv's userdata holds a live handle, and `raw` is the state that luv is loaded in.
    let fits = unsafe {
        (libuv.handle_get_type)(handle) == UV_ASYNC
            && (libuv.handle_get_loop)(handle) == (libuv.luv_loop)(stack.raw())
    };
    if !fits {
        return Err(wrong);
    }
    *HANDLE.lock().unwrap_or_else(PoisonError::into_inner) = handle as usize;
    Ok(())
}

/// Forgets the handle; no wake reaches the main loop any more.
pub(crate) fn close() {
    *HANDLE.lock().unwrap_or_else(PoisonError::into_inner) = 0;
}

/// Makes the main loop drain the inbox soon.
pub(crate) fn wake() {
    if PENDING.swap(1, Ordering::SeqCst) == 0 {
        send();
    }
}

/// Makes the main loop come back to the inbox after it has looked at everything else.
pub(crate) fn wake_again() {
    PENDING.store(1, Ordering::SeqCst);
    send();
}

fn send() {
    // Held during the call: afterwards the handle may be closed.
    let handle = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(libuv) = LIBUV.get()
        && *handle != 0
    {
        // SAFETY: the handle is open until `close`, which waits for the lock.
        unsafe { (libuv.async_send)(*handle as *mut c_void) };
    }
}

/// Declares the inbox empty. The caller looks into it once more and, if something came in between,
/// goes on only if [`resume`] returns true.
pub(crate) fn rest() {
    PENDING.store(0, Ordering::SeqCst);
}

/// Takes the right to drain back; false if a wake is under way that will lead to another drain.
pub(crate) fn resume() -> bool {
    PENDING.swap(1, Ordering::SeqCst) == 0
}

/// Returns whether input or other events wait for the main loop.
pub(crate) fn loop_has_events(stack: &Stack<'_>) -> bool {
    let Some(libuv) = LIBUV.get() else {
        return false;
    };
    // SAFETY: `raw` is the state that luv is loaded in, so it has a loop with a descriptor.
    let fd = unsafe { (libuv.backend_fd)((libuv.luv_loop)(stack.raw())) };
    let mut poll = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry, no waiting.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}
