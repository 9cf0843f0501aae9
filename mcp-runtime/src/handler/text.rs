//! Reads types from plain strings, as URI variables and prompt arguments are: `"5"` is a number where a number is wanted.

use serde::Deserializer;
use serde::de::value::{Error, MapDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor,
};

/// Reads a value from a string.
pub(crate) fn read<T: DeserializeOwned>(text: String) -> Result<T, Error> {
    T::deserialize(Text(text))
}

/// Reads a struct from named strings.
pub(crate) fn read_all<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Error> {
    let pairs = pairs.into_iter().map(|(name, value)| (name, Text(value)));
    T::deserialize(MapDeserializer::new(pairs))
}

struct Text(String);

impl IntoDeserializer<'_> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident $wanted:literal),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::invalid_value(Unexpected::Str(&self.0), &$wanted)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    parsed! {
        deserialize_bool => visit_bool "true or false",
        deserialize_i8 => visit_i8 "an integer from -128 to 127",
        deserialize_i16 => visit_i16 "an integer from -32768 to 32767",
        deserialize_i32 => visit_i32 "an integer of 32 bits",
        deserialize_i64 => visit_i64 "an integer of 64 bits",
        deserialize_i128 => visit_i128 "an integer of 128 bits",
        deserialize_u8 => visit_u8 "an integer from 0 to 255",
        deserialize_u16 => visit_u16 "an integer from 0 to 65535",
        deserialize_u32 => visit_u32 "an integer from 0 to 4294967295",
        deserialize_u64 => visit_u64 "a non-negative integer of 64 bits",
        deserialize_u128 => visit_u128 "a non-negative integer of 128 bits",
        deserialize_f32 => visit_f32 "a number",
        deserialize_f64 => visit_f64 "a number",
        deserialize_char => visit_char "one character",
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The name of a variant without content.
impl<'de> EnumAccess<'de> for Text {
    type Error = Error;
    type Variant = Unit;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Unit), Error> {
        Ok((seed.deserialize(self.0.into_deserializer())?, Unit))
    }
}

struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(serde::de::Error::custom("a variant with content cannot be read from a string"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a variant with content cannot be read from a string"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a variant with content cannot be read from a string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Info,
        Error,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Id(u32);

    #[test]
    fn a_string_is_read_as_the_type_that_is_wanted() {
        assert_eq!(read::<String>("5".into()), Ok("5".into()));
        assert_eq!(read::<u8>("5".into()), Ok(5));
        assert_eq!(read::<Option<bool>>("true".into()), Ok(Some(true)));
        assert_eq!(read::<Id>("7".into()), Ok(Id(7)));
        assert_eq!(read::<Level>("error".into()), Ok(Level::Error));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_what_would_be_right() {
        let wrong = read::<u8>("300".into()).unwrap_err().to_string();
        assert_eq!(wrong, "invalid value: string \"300\", expected an integer from 0 to 255");
        assert!(read::<Level>("loud".into()).unwrap_err().to_string().contains("expected `info` or `error`"));
    }
}
