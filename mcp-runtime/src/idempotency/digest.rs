//! A number for a JSON value that does not depend on how it was written, and is the same on every machine (FNV-1a): whether
//! two calls of one caller are the same. It keeps nobody from finding two values with one number, who would fool himself.

use serde_json::Value;

/// The number of a JSON value.
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn of(value: &Value) -> u64 {
        let mut digest = Self(0xcbf2_9ce4_8422_2325);
        digest.value(value);
        digest.0
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u64).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes(b"n"),
            Value::Bool(value) => self.bytes(if *value { b"t" } else { b"f" }),
            Value::Number(number) => {
                self.bytes(b"d");
                self.text(&number.to_string());
            }
            Value::String(text) => {
                self.bytes(b"s");
                self.text(text);
            }
            Value::Array(items) => {
                self.bytes(b"[");
                items.iter().for_each(|item| self.value(item));
                self.bytes(b"]");
            }
            Value::Object(members) => {
                self.bytes(b"{");
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| *name);
                for (name, value) in members {
                    self.text(name);
                    self.value(value);
                }
                self.bytes(b"}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        Digest::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_number_depends_on_the_value_and_not_on_how_it_was_written() {
        assert_eq!(
            of(r#"{"a":1,"b":[true,null,"x"]}"#),
            of(r#" { "b" : [true, null, "\u0078"], "a" : 1 } "#)
        );
        // Other machines, and later versions, must come to the same.
        assert_eq!(of("null"), 0xaf63_e34c_8601_f871);
    }

    #[test]
    fn what_is_another_value_has_another_number() {
        let values = [
            "null",
            "true",
            "false",
            "0",
            "1",
            "\"1\"",
            "\"\"",
            "[]",
            "{}",
            "[[]]",
            "[1,2]",
            "[12]",
            "[[1],2]",
            "[[1,2]]",
            "[\"a\",\"b\"]",
            "[\"ab\"]",
            "{\"a\":1}",
            "{\"a\":\"1\"}",
            "{\"a\":{}}",
            "{\"a\":[]}",
            "{\"a\":1,\"b\":2}",
            "{\"a\":2,\"b\":1}",
            "[\"a\",1]",
        ];
        let numbers: std::collections::BTreeSet<_> = values.iter().map(|value| of(value)).collect();
        assert_eq!(numbers.len(), values.len());
    }
}
