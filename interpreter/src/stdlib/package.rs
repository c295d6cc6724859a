//! `require`, `module` and the package table.
//!
//! Modules in C are looked for, so that messages are LuaJIT's, and refused where they are found.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::environment::OpenMode;
use crate::error::Error;
use crate::function::{Function, NativeFn};
use crate::stdlib::os::c_string;
use crate::string::LuaString;
use crate::table::Table;
use crate::value::Value;
use crate::vm::arithmetic::to_string;
use crate::vm::describe;

const DEFAULT_PATH: &str = "./?.lua;/usr/local/share/luajit-2.1/?.lua;/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua";

const DEFAULT_CPATH: &str = "./?.so;/usr/local/lib/lua/5.1/?.so;/usr/local/lib/lua/5.1/loadall.so";

/// Returns the path that an environment variable asks for; two semicolons in it stand for the default.
fn initial_path(ctx: Context<'_>, variable: &str, default: &str) -> Vec<u8> {
    match ctx.vm.environment.variable(variable.as_bytes()) {
        Some(path) => {
            let marked = replace(&path, b";;", b";\x01;");
            replace(&marked, b"\x01", default.as_bytes())
        }
        None => default.into(),
    }
}

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let globals = ctx.globals();
    let (package, loaded, preload) = (ctx.table(), ctx.table(), ctx.table());
    let functions: [(&'static str, NativeFn); 2] = [("require", require), ("module", module)];
    for (name, run) in functions {
        let function = ctx.native(name, run, &[]);
        Function::set_env(function, ctx.mc, package);
        ctx.set_field(globals, name, function)?;
    }
    ctx.register(
        package,
        &[
            ("loadlib", loadlib),
            ("searchpath", searchpath),
            ("seeall", seeall),
        ],
    )?;
    for (field, variable, default) in [
        ("path", "LUA_PATH", DEFAULT_PATH),
        ("cpath", "LUA_CPATH", DEFAULT_CPATH),
    ] {
        let path = ctx.checked_string(&initial_path(ctx, variable, default))?;
        ctx.set_field(package, field, path)?;
    }
    ctx.set_field(package, "config", ctx.string("/\n;\n?\n!\n-\n"))?;
    ctx.set_field(package, "loaded", loaded)?;
    ctx.set_field(package, "preload", preload)?;
    let loaders = ctx.table();
    let searchers: [(&'static str, NativeFn); 4] = [
        ("preload_loader", search_preload),
        ("lua_loader", search_files),
        ("c_loader", search_c),
        ("croot_loader", search_c_root),
    ];
    for (index, (name, run)) in searchers.into_iter().enumerate() {
        let loader = ctx.native(name, run, &[package.into()]);
        Function::set_env(loader, ctx.mc, package);
        ctx.set(loaders, (index + 1) as f64, loader)?;
    }
    ctx.set_field(package, "loaders", loaders)?;
    ctx.set_field(globals, "package", package)?;
    ctx.set_field(ctx.vm.registry, "_LOADED", loaded)?;
    ctx.set_field(ctx.vm.registry, "_PRELOAD", preload)?;
    ctx.set_field(ctx.vm.registry, "_PACKAGE", package)?;
    for name in [
        "coroutine",
        "string",
        "table",
        "math",
        "bit",
        "os",
        "io",
        "debug",
        "package",
        "jit",
    ] {
        let library = globals.get(ctx.string(name).into());
        ctx.set_field(loaded, name, library)?;
    }
    ctx.set_field(loaded, "_G", globals)?;
    if let Some(jit) = globals.get(ctx.string("jit").into()).as_table() {
        ctx.set_field(loaded, "jit.opt", jit.get(ctx.string("opt").into()))?;
    }
    let special: &[(&'static str, NativeFn)] = &[
        ("ffi", super::jit::no_ffi),
        ("jit.util", super::jit::util::load),
        ("string.buffer", super::string_buffer::open),
        ("table.new", |call| {
            call.ret(call.native("new", super::table::table_new, &[]))
        }),
        ("table.clear", |call| {
            call.ret(call.native("clear", super::table::table_clear, &[]))
        }),
    ];
    ctx.register(preload, special)
}

fn registry<'gc>(ctx: Context<'gc>, name: &str) -> Gc<'gc, Table<'gc>> {
    ctx.vm
        .registry
        .get(ctx.string(name).into())
        .as_table()
        .unwrap_or_else(|| ctx.table())
}

/// Marks a module whose loader is running: a number that no program makes (LuaJIT's `KEY_SENTINEL`).
fn loading<'gc>() -> Value<'gc> {
    Value::number(f64::from_bits(0x8000_0000_0000_0073))
}

fn require<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.string(c_string(call.check_string(1)?));
    let loaded = registry(call.ctx, "_LOADED");
    let value = loaded.get(name.into());
    if value.same(loading()) {
        return Err(call.error(quoted("loop or previous error loading module", name, "")));
    }
    if value.is_truthy() {
        return call.ret(value);
    }
    let loaders = registry(call.ctx, "_PACKAGE").get(call.string("loaders").into());
    if loaders.as_table().is_none() {
        return Err(call.error("'package.loaders' must be a table"));
    }
    // Own slots: name, loaders, index of the next loader, what the loaders said.
    call.keep(1)?;
    call.set_arg(1, name.into());
    call.push(loaders)?;
    call.push(Value::number(1.0))?;
    call.push(call.string("").into())?;
    next_loader(call)
}

fn next_loader<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let index = call
        .coroutine
        .slot(call.base + 2)
        .as_number()
        .unwrap_or(1.0);
    let loaders = call
        .coroutine
        .slot(call.base + 1)
        .as_table()
        .expect("checked by require");
    let loader = loaders.get(Value::number(index));
    let name = call.coroutine.slot(call.base);
    if loader.is_nil() {
        let name = name.as_string().expect("checked by require");
        let said = call.coroutine.slot(call.base + 3);
        let said = said.as_string().expect("a string");
        let mut message = quoted("module", name, " not found:");
        message.extend_from_slice(c_string(said));
        return Err(call.error(message));
    }
    call.invoke(loader, &[name], loader_answered)
}

fn loader_answered<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let answer = call.result(1);
    let name = call.arg(1);
    if answer.as_function().is_some() {
        call.set(registry(call.ctx, "_LOADED"), name, loading())?;
        call.keep(4)?;
        return call.invoke(answer, &[name], module_ran);
    }
    if let Some(text) = to_string(call.ctx, answer) {
        let said = call.arg(4).as_string().expect("a string");
        call.set_arg(
            4,
            call.string([said.as_bytes(), text.as_bytes()].concat())
                .into(),
        );
    }
    let index = call.arg(3).as_number().unwrap_or(1.0);
    call.set_arg(3, Value::number(index + 1.0));
    call.keep(4)?;
    next_loader(call)
}

fn module_ran<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let loaded = registry(call.ctx, "_LOADED");
    let name = call.arg(1);
    let result = call.result(1);
    if !result.is_nil() {
        call.set(loaded, name, result)?;
    } else if loaded.get(name).same(loading()) {
        call.set(loaded, name, true)?;
    }
    call.ret(loaded.get(name))
}

fn search_preload<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    let package = call.value(0).as_table().expect("given by open");
    let preload = package.get(call.string("preload").into());
    let Some(preload) = preload.as_table() else {
        return Err(call.error("'package.preload' must be a table"));
    };
    let loader = preload.get(name.into());
    if loader.is_nil() {
        return call.ret(call.string(quoted_in("\n\tno field package.preload[", name, "]")));
    }
    call.ret(loader)
}

/// Returns the first file that can be opened among the templates of a path, or what was tried.
fn search(
    ctx: Context<'_>,
    name: &[u8],
    path: &[u8],
    separator: &[u8],
    replacement: &[u8],
) -> Result<Vec<u8>, Vec<u8>> {
    const MODE: OpenMode = OpenMode {
        read: true,
        write: false,
        create: false,
        exclusive: false,
        truncate: false,
        append: false,
    };
    let file_name = replace(name, separator, replacement);
    let mut tried = Vec::new();
    for template in path.split(|&b| b == b';').filter(|t| !t.is_empty()) {
        let file = replace(template, b"?", &file_name);
        let path = Path::new(OsStr::from_bytes(&file));
        if ctx.vm.environment.open(path, MODE).is_ok() {
            return Ok(file);
        }
        tried.extend_from_slice(b"\n\tno file '");
        tried.extend_from_slice(&file);
        tried.push(b'\'');
    }
    Err(tried)
}

/// Searches the path in a field of the package table, which is value 0 of the loaders.
fn search_field<'gc>(
    call: &Call<'gc>,
    name: &[u8],
    field: &str,
) -> Result<Result<Vec<u8>, Vec<u8>>, Error<'gc>> {
    let package = call.value(0).as_table().expect("given by open");
    let path = package.get(call.string(field).into());
    let Some(path) = to_string(call.ctx, path) else {
        return Err(call.error(format!("'package.{field}' must be a string")));
    };
    let path = c_string(path);
    call.burn(path.len());
    call.check_room(path.len().saturating_mul(name.len() + 1))?;
    Ok(search(call.ctx, name, path, b".", b"/"))
}

fn load_error<'gc>(
    call: &Call<'gc>,
    name: Gc<'gc, LuaString>,
    file: &[u8],
    reason: &[u8],
) -> Error<'gc> {
    let mut message = quoted("error loading module", name, " from file '");
    message.extend_from_slice(file);
    message.extend_from_slice(b"':\n\t");
    message.extend_from_slice(reason);
    call.error(message)
}

/// Returns text around a module's name in quotes, up to where C sees its end.
fn quoted<'gc>(before: &str, name: Gc<'gc, LuaString>, after: &str) -> Vec<u8> {
    quoted_in(&format!("{before} "), name, after)
}

fn quoted_in<'gc>(before: &str, name: Gc<'gc, LuaString>, after: &str) -> Vec<u8> {
    let name = c_string(name);
    [before.as_bytes(), b"'", name, b"'", after.as_bytes()].concat()
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if from.is_empty() {
        return text.to_vec();
    }
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = crate::text::find::find_plain(rest, from, 0) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    result.extend_from_slice(rest);
    result
}

fn search_files<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    let file = match search_field(call, c_string(name), "path")? {
        Ok(file) => call.string(file),
        Err(tried) => return call.ret(call.checked_string(&tried)?),
    };
    match super::load::from_file(call, Some(file), None, call.globals()) {
        Ok(function) => call.ret(function),
        Err(error) => {
            let Some(reason) = error.value() else {
                return Err(error);
            };
            let reason = to_string(call.ctx, reason);
            let reason = reason
                .as_ref()
                .map_or(&b"?"[..], |reason| reason.as_bytes());
            Err(load_error(call, name, file.as_bytes(), reason))
        }
    }
}

/// What is said of a module in C that was found.
const NO_C: &[u8] = b"modules in C cannot be loaded in a sandbox";

fn search_c<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    match search_field(call, c_string(name), "cpath")? {
        Ok(file) => Err(load_error(call, name, &file, NO_C)),
        Err(tried) => call.ret(call.checked_string(&tried)?),
    }
}

/// Looks for a module in C that holds all modules below the first part of the name.
fn search_c_root<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    let Some(dot) = c_string(name).iter().position(|&b| b == b'.') else {
        return call.ret0();
    };
    match search_field(call, &name.as_bytes()[..dot], "cpath")? {
        Ok(file) => Err(load_error(call, name, &file, NO_C)),
        Err(tried) => call.ret(call.checked_string(&tried)?),
    }
}

fn searchpath<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // In LuaJIT as compiled, the last argument is looked at first.
    let replacement = call.opt_string(4)?;
    let separator = call.opt_string(3)?;
    let (path, name) = (call.check_string(2)?, call.check_string(1)?);
    let separator = separator.map_or(&b"."[..], c_string);
    let replacement = replacement.map_or(&b"/"[..], c_string);
    let (name, path) = (c_string(name), c_string(path));
    call.burn(path.len());
    call.check_room(
        path.len()
            .saturating_mul(name.len() * (replacement.len() + 1) + 1),
    )?;
    match search(call.ctx, name, path, separator, replacement) {
        Ok(file) => call.ret(call.string(file)),
        Err(tried) => call.ret_all(&[Value::NIL, call.string(tried).into()]),
    }
}

fn seeall<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let module = call.check_table(1)?;
    let metatable = module.metatable().unwrap_or_else(|| {
        let metatable = call.table();
        module.set_metatable(call.mutation(), Some(metatable));
        metatable
    });
    call.set_field(metatable, "__index", call.globals())?;
    call.ret0()
}

/// Finds or makes the table at a dotted path below the globals; an error when something else is there.
fn find_table<'gc>(call: &Call<'gc>, path: &[u8]) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    let mut table = call.globals();
    for part in path.split(|&b| b == b'.') {
        let key: Value<'gc> = call.string(part).into();
        let value = table.get(key);
        table = match value.as_table() {
            Some(next) => next,
            None if value.is_nil() => {
                let next = call.table();
                call.set(table, key, next)?;
                next
            }
            None => {
                let shown = String::from_utf8_lossy(path);
                return Err(call.error(format!("name conflict for module '{shown}'")));
            }
        };
    }
    Ok(table)
}

fn module<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    let loaded = registry(call.ctx, "_LOADED");
    let module = match loaded.get(name.into()).as_table() {
        Some(module) => module,
        None => {
            let module = find_table(call, name.as_bytes())?;
            call.set(loaded, name, module)?;
            module
        }
    };
    if module.get(call.string("_NAME").into()).is_nil() {
        call.set_field(module, "_M", module)?;
        call.set_field(module, "_NAME", name)?;
        let package = match name.as_bytes().iter().rposition(|&b| b == b'.') {
            Some(dot) => &name.as_bytes()[..=dot],
            None => b"",
        };
        call.set_field(module, "_PACKAGE", call.string(package))?;
    }
    let caller = describe::frame(call.coroutine, call.base, 1)
        .and_then(|(base, _)| call.coroutine.function_at(base))
        .filter(|function| !function.is_native());
    let Some(caller) = caller else {
        return Err(call.error("'module' not called from a Lua function"));
    };
    Function::set_env(caller, call.mutation(), module);
    // The options are called one after the other; own slots: the arguments, module, index of the next.
    let count = call.arg_count();
    call.push(module.into())?;
    call.push(Value::number(2.0))?;
    next_option(call, count)
}

fn next_option<'gc>(call: &Call<'gc>, count: usize) -> NativeResult<'gc> {
    let slot = call.base + count;
    let index = call.coroutine.slot(slot + 1).as_number().unwrap_or(0.0) as usize;
    if index > count {
        return call.ret0();
    }
    call.coroutine
        .set_slot(slot + 1, Value::number((index + 1) as f64));
    let option = call.coroutine.slot(call.base + index - 1);
    call.invoke(option, &[call.coroutine.slot(slot)], |call| {
        let own = call.arg_count();
        call.keep(own)?;
        next_option(call, own - 2)
    })
}

/// Refuses to load C code, as a LuaJIT without dynamic libraries does.
fn loadlib<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.check_string(1)?;
    call.check_string(2)?;
    let reason = call.string("dynamic libraries not enabled: C code would reach past the sandbox");
    let stage = call.string("absent");
    call.ret_all(&[Value::NIL, reason.into(), stage.into()])
}
