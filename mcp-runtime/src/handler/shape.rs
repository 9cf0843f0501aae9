//! What is known of an argument's type while the program is compiled: whether it is a number, a text, a list or a map.
//!
//! `Probe::<T>::SHAPE` finds the inherent constant where `T` is [`Shaped`], and that of [`Unshaped`] for every other type:
//! what is written on an argument of a type of the user's own is held against its schema when the server is built.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::path::PathBuf;

/// What the values of a type are in JSON.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// The compiler cannot tell.
    Unknown,
    /// Whole numbers from `least` to `most`.
    Integer {
        /// The smallest.
        least: i128,
        /// The largest.
        most: i128,
    },
    /// Numbers.
    Number,
    /// `true` and `false`.
    Boolean,
    /// Texts.
    Text,
    /// Texts of one character.
    Character,
    /// Arrays.
    List,
    /// Objects whose members have any name.
    Map,
}

/// A type whose shape is known.
pub trait Shaped {
    /// What its values are.
    const SHAPE: Shape;
}

/// Asks for the shape of a type.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: Shaped + ?Sized> Probe<T> {
    /// What the values of the type are.
    pub const SHAPE: Shape = T::SHAPE;
}

/// The answer for every type of which nothing is known.
pub trait Unshaped {
    /// Nothing is known.
    const SHAPE: Shape = Shape::Unknown;
}

impl<T: ?Sized> Unshaped for Probe<T> {}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Shaped for $integer {
            const SHAPE: Shape = Shape::Integer { least: <$integer>::MIN as i128, most: <$integer>::MAX as i128 };
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! shapes {
    ($($shape:ident: [$($generic:tt)*] $shaped:ty;)*) => {$(
        impl<$($generic)*> Shaped for $shaped {
            const SHAPE: Shape = Shape::$shape;
        }
    )*};
}

shapes! {
    Number: [] f32;
    Number: [] f64;
    Boolean: [] bool;
    Character: [] char;
    Text: [] String;
    Text: [] Box<str>;
    Text: [] Cow<'_, str>;
    Text: [] PathBuf;
    List: [T] Vec<T>;
    List: [T] Box<[T]>;
    List: [T] VecDeque<T>;
    List: [T] BTreeSet<T>;
    List: [T, S] HashSet<T, S>;
    List: [T, const N: usize] [T; N];
    Map: [K, V] BTreeMap<K, V>;
    Map: [K, V, S] HashMap<K, V, S>;
}

impl<T: Shaped> Shaped for Option<T> {
    const SHAPE: Shape = T::SHAPE;
}

impl<T: Shaped> Shaped for Box<T> {
    const SHAPE: Shape = T::SHAPE;
}
