//! The table of events that predicates know, made from the engine's own types.
//!
//! Each kind is read once through a deserializer that gives the plainest value of every type and notes
//! what it was asked for: names of variants and fields come from the engine, and cannot be forgotten.

use std::cell::RefCell;

use highwater::engine::event::EventKind;
use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, VariantAccess, Visitor,
};

/// What was noted of the kind that is being read.
#[derive(Default)]
struct Notes {
    /// Which kind is read.
    index: usize,
    kinds: Vec<&'static str>,
    fields: Vec<(&'static str, String)>,
}

thread_local! {
    static NOTES: RefCell<Notes> = RefCell::default();
}

/// One line a kind: its name, then each field and what its values look like.
pub fn table() -> String {
    let mut out = String::new();
    let mut index = 0;
    loop {
        NOTES.with_borrow_mut(|notes| *notes = Notes { index, ..Notes::default() });
        let read = EventKind::deserialize(Plain { depth: 0 });
        let (kind, fields) = NOTES.with_borrow_mut(|notes| {
            (notes.kinds.get(index).copied(), std::mem::take(&mut notes.fields))
        });
        let Some(kind) = kind else { return out };
        assert!(read.is_ok(), "{kind}: {read:?}");
        out.push_str(kind);
        for (name, shape) in fields.iter().filter(|(_, shape)| !shape.starts_with('-')) {
            out.push_str(&format!(" {name}={shape}"));
        }
        out.push('\n');
        index += 1;
    }
}

/// Gives the plainest value of whatever is asked for. Depth 0 is the event, 1 its fields.
#[derive(Clone, Copy)]
struct Plain {
    depth: u32,
}

impl Plain {
    fn note(self, shape: &str) {
        if self.depth == 1 {
            NOTES.with_borrow_mut(|notes| {
                let last = notes.fields.last_mut().expect("a field is being read");
                if last.1.is_empty() || last.1 == "list" {
                    let list = if last.1 == "list" { "s" } else { "" };
                    last.1 = format!("{shape}{list}");
                }
            });
        }
    }

    fn deeper(self) -> Plain {
        Plain { depth: self.depth + 1 }
    }
}

macro_rules! number {
    ($($method:ident => $visit:ident($value:expr)),* $(,)?) => {
        $(fn $method<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
            self.note("number");
            visitor.$visit($value)
        })*
    };
}

impl Deserializer<'static> for Plain {
    type Error = Error;

    number!(
        deserialize_i8 => visit_i8(0), deserialize_i16 => visit_i16(0),
        deserialize_i32 => visit_i32(0), deserialize_i64 => visit_i64(0),
        deserialize_u8 => visit_u8(0), deserialize_u16 => visit_u16(0),
        deserialize_u32 => visit_u32(1), deserialize_u64 => visit_u64(0),
    );

    fn deserialize_bool<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("flag");
        visitor.visit_bool(false)
    }

    fn deserialize_string<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("text");
        visitor.visit_string("t".to_owned())
    }

    fn deserialize_str<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            "BrokerId" => self.note("broker"),
            "Micros" => self.note("time"),
            "TopicName" => self.note("topic"),
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth == 1 {
            let listed =
                NOTES.with_borrow(|notes| notes.fields.last().is_some_and(|f| f.1 == "list"));
            self.note(if listed { "-" } else { "list" });
        }
        visitor.visit_seq(One { of: self, left: 1 })
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(if name == "TopicPartition" { "partition" } else { "-" });
        visitor.visit_map(Fields { of: self.deeper(), fields, next: 0 })
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.depth == 0 {
            let index = NOTES.with_borrow_mut(|notes| {
                notes.kinds = variants.to_vec();
                notes.index
            });
            return match variants.get(index) {
                Some(kind) => visitor.visit_enum(Chosen { of: self, variant: kind }),
                None => Err(serde::de::Error::custom("no more kinds")),
            };
        }
        let shape = match name {
            "NodeId" => "host".to_owned(),
            "Command" => "-".to_owned(),
            _ => variants.join("|"),
        };
        self.note(&shape);
        visitor.visit_enum(Chosen { of: self.deeper(), variant: variants[0] })
    }

    fn deserialize_any<V: Visitor<'static>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a type that says nothing of itself"))
    }

    serde::forward_to_deserialize_any! { <W: Visitor<'static>>
        f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map identifier ignored_any
    }
}

/// A sequence of a few plain values.
struct One {
    of: Plain,
    left: u32,
}

impl serde::de::SeqAccess<'static> for One {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'static>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.of).map(Some)
    }
}

/// The fields of a struct, all of them plain.
struct Fields {
    of: Plain,
    fields: &'static [&'static str],
    next: usize,
}

impl MapAccess<'static> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'static>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.fields.get(self.next) else { return Ok(None) };
        self.next += 1;
        if self.of.depth == 1 {
            NOTES.with_borrow_mut(|notes| notes.fields.push((name, String::new())));
        }
        seed.deserialize((*name).into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'static>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.of)
    }
}

/// One variant of an enum.
struct Chosen {
    of: Plain,
    variant: &'static str,
}

impl EnumAccess<'static> for Chosen {
    type Error = Error;
    type Variant = Chosen;

    fn variant_seed<S: DeserializeSeed<'static>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Chosen), Error> {
        let value = seed.deserialize(self.variant.into_deserializer())?;
        Ok((value, self))
    }
}

impl VariantAccess<'static> for Chosen {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'static>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.of.deeper())
    }

    fn tuple_variant<V: Visitor<'static>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One { of: self.of.deeper(), left: u32::try_from(len).unwrap_or(0) })
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { of: self.of.deeper(), fields, next: 0 })
    }
}
