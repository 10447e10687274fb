//! What only Rust says in types: references, `Option` of functions, enums of a fixed width.

use std::ffi::{c_char, c_int, CStr, CString};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Vector {
    pub x: f64,
    pub y: f64,
}

#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Kind {
    Small = 1,
    Large = 2,
}

#[repr(C)]
pub struct Counter {
    pub kind: Kind,
    pub total: u64,
    pub step: extern "C" fn(&mut Counter, u32) -> u64,
    pub name: Option<extern "C" fn(&Counter) -> *mut c_char>,
}

extern "C" fn step(counter: &mut Counter, by: u32) -> u64 {
    counter.total += u64::from(by);
    counter.total
}

extern "C" fn name(counter: &Counter) -> *mut c_char {
    CString::new(format!("counter at {}", counter.total)).map_or(std::ptr::null_mut(), CString::into_raw)
}

#[no_mangle]
pub extern "C" fn make_counter(kind: Kind, named: bool) -> Box<Counter> {
    Box::new(Counter { kind, total: 0, step, name: if named { Some(name) } else { None } })
}

#[no_mangle]
pub extern "C" fn free_counter(counter: Option<Box<Counter>>) {
    drop(counter);
}

/// # Safety
/// `text` comes from this plugin.
#[no_mangle]
pub unsafe extern "C" fn free_name(text: *mut c_char) {
    if !text.is_null() {
        drop(unsafe { CString::from_raw(text) });
    }
}

#[no_mangle]
pub extern "C" fn total_of(counter: &Counter) -> u64 {
    counter.total
}

#[no_mangle]
pub extern "C" fn turn(v: Vector) -> Vector {
    Vector { x: -v.y, y: v.x }
}

#[no_mangle]
pub extern "C" fn apply(each: Option<extern "C" fn(Vector, c_int) -> f64>, v: Vector) -> f64 {
    each.map_or(-1.0, |function| function(v, 3))
}

/// # Safety
/// `text` is a string.
#[no_mangle]
pub unsafe extern "C" fn length(text: *const c_char) -> usize {
    unsafe { CStr::from_ptr(text) }.to_bytes().len()
}
