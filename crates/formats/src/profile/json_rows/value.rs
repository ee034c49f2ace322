//! One JSON object to a tree.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::tree::Tree;

/// Reads an object that starts on a line. Each element of an array is a node with the array's name; `null` is nothing.
/// The error says what is wrong, without anything of the text but the name of a property.
pub(super) fn read(text: &[u8], line: u64, tree: &mut Tree) -> Result<(), serde_json::Error> {
    tree.clear();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    Below { tree, name: "", line }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// From here on a number with a fraction or of more digits than a 64-bit integer has would lose some: 2 to the 53rd.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Puts a value below the innermost open node.
struct Below<'t, 'n> {
    tree: &'t mut Tree,
    name: &'n str,
    line: u64,
}

impl<'de> DeserializeSeed<'de> for Below<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Below<'_, '_> {
    fn leaf(self, value: &str) {
        self.tree.leaf(self.name, value, self.line);
    }
}

impl<'de> Visitor<'de> for Below<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.leaf(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.leaf(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.leaf(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.abs() >= EXACT {
            return Err(E::custom(format!("{} is a number of too many digits", self.name)));
        }
        self.leaf(&value.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.leaf(value.trim());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { tree, name, line } = self;
        while elements.next_element_seed(Below { tree, name, line })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<(), A::Error> {
        let Self { tree, name, line } = self;
        let mut names = FxHashSet::default();
        tree.open(name, line);
        while let Some(name) = properties.next_key::<String>()? {
            properties.next_value_seed(Below {
                tree,
                name: &name,
                line,
            })?;
            if let Some(twice) = names.replace(name) {
                return Err(A::Error::custom(format!("{twice} occurs twice in one object")));
            }
        }
        tree.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree::shown;
    use super::*;

    #[test]
    fn objects_become_trees() {
        let mut tree = Tree::default();
        let text = r#" {"id":1021197539,"ok":true,"no":false,"none":null,"credits":0.50,"whole":22.0,"less":-1,
            "name":" Jos\u00e9 ","_ext":{"wi":{"x":"y"}},"dates":[{"d":"1"},{"d":"2"},[]],"tags":["a",["b"]],"empty":{}} "#;
        read(text.as_bytes(), 4, &mut tree).unwrap();
        assert_eq!(
            shown(&tree, Tree::ROOT),
            "(id=1021197539 ok=true no=false credits=0.5 whole=22 less=-1 name=José _ext(wi(x=y)) dates(d=1) dates(d=2) tags=a tags=b empty)"
        );
        assert_eq!(tree.line(3), 4);
        let deep = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
        for bad in [
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":01}",
            "{\"id\":12345678901234567890123}",
            "{\"a\":\"\u{1}\"}",
            &deep,
        ] {
            assert!(read(bad.as_bytes(), 1, &mut tree).is_err(), "{bad}");
        }
        assert!(read(b"{\"a\":\"\xff\"}", 1, &mut tree).is_err());
    }
}
