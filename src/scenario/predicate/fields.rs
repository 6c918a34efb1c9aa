//! An event against a pattern: its fields are read by name, through the same encoding that links and
//! digests use, so that no event and no field has to be listed here.

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeStructVariant};

use crate::engine::event::Event;
use crate::engine::ids::{NodeId, Text};
use crate::engine::time::Micros;
use crate::scenario::predicate::{Pattern, events};
use crate::scenario::printer::time;

/// Whether an event is one of the pattern's. `clients` are the world's clients, by id.
#[must_use]
pub fn matches(pattern: &Pattern, event: &Event, clients: &[Text]) -> bool {
    let reader =
        Reader { pattern: Some(pattern), known: Vec::new(), event, clients, told: String::new() };
    event.kind.serialize(reader).is_ok()
}

/// An event in the spelling of patterns: `LeaderElected{partition=t-0, leader=b1, …}`. A command within
/// it is left out.
#[must_use]
pub fn text(event: &Event, clients: &[Text]) -> String {
    let reader = Reader { pattern: None, known: Vec::new(), event, clients, told: String::new() };
    event.kind.serialize(reader).unwrap_or_default()
}

/// The text of a host in patterns.
fn host(node: NodeId, clients: &[Text]) -> String {
    let name = node.client().and_then(|id| clients.get(usize::from(id.0)));
    name.map_or_else(|| node.to_string(), ToString::to_string)
}

/// The event is another one.
#[derive(Debug)]
struct Other;

impl std::fmt::Display for Other {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Other {}

impl ser::Error for Other {
    fn custom<T: std::fmt::Display>(_: T) -> Other {
        Other
    }
}

type Never<T> = Impossible<T, Other>;

/// Takes in an event: against a pattern, where an error means that it does not match, or as a text.
struct Reader<'a> {
    pattern: Option<&'a Pattern>,
    /// Fields that predicates know.
    known: Vec<&'static str>,
    event: &'a Event,
    clients: &'a [Text],
    told: String,
}

impl Reader<'_> {
    fn begins(&mut self, kind: &'static str) -> Result<(), Other> {
        let Some(pattern) = self.pattern else {
            let fields = events::fields(kind).unwrap_or_default();
            self.known = fields.into_iter().map(|(name, _)| name).collect();
            kind.clone_into(&mut self.told);
            return Ok(());
        };
        if &*pattern.event != kind {
            return Err(Other);
        }
        let wanted = pattern.fields.iter().find(|(name, _)| &**name == "node");
        let Some((_, values)) = wanted else { return Ok(()) };
        let node = self.event.node.map_or_else(String::new, |node| host(node, self.clients));
        if values.iter().any(|value| **value == *node) { Ok(()) } else { Err(Other) }
    }
}

/// Methods of a serializer that refuse what an event never is.
macro_rules! never {
    ($out:ty; $($method:ident($type:ty)),* $(,)?) => {
        $(fn $method(self, _: $type) -> Result<$out, Other> { Err(Other) })*
    };
}

impl<'a> ser::Serializer for Reader<'a> {
    type Ok = String;
    type Error = Other;
    type SerializeSeq = Never<String>;
    type SerializeTuple = Never<String>;
    type SerializeTupleStruct = Never<String>;
    type SerializeTupleVariant = Never<String>;
    type SerializeMap = Never<String>;
    type SerializeStruct = Never<String>;
    type SerializeStructVariant = Reader<'a>;

    never!(String; serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64), serialize_f32(f32), serialize_f64(f64), serialize_char(char),
        serialize_str(&str), serialize_bytes(&[u8]), serialize_unit_struct(&'static str));
    never!(Never<String>; serialize_seq(Option<usize>), serialize_tuple(usize), serialize_map(Option<usize>));

    fn serialize_none(self) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_unit(self) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_unit_variant(
        mut self,
        _: &'static str,
        _: u32,
        kind: &'static str,
    ) -> Result<String, Other> {
        self.begins(kind)?;
        Ok(self.told)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never<String>, Other> {
        Err(Other)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never<String>, Other> {
        Err(Other)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never<String>, Other> {
        Err(Other)
    }
    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        kind: &'static str,
        _: usize,
    ) -> Result<Reader<'a>, Other> {
        self.begins(kind)?;
        Ok(self)
    }
}

impl SerializeStructVariant for Reader<'_> {
    type Ok = String;
    type Error = Other;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Other> {
        let value = || value.serialize(Value { clients: self.clients, of: "" });
        let Some(pattern) = self.pattern else {
            if self.known.contains(&name) {
                let sign = if self.told.contains('{') { ", " } else { "{" };
                let value = value()?;
                let value = if value.is_empty() { "none" } else { &*value };
                self.told.push_str(&format!("{sign}{name}={value}"));
            }
            return Ok(());
        };
        let wanted = pattern.fields.iter().find(|(field, _)| &**field == name);
        let Some((_, values)) = wanted else { return Ok(()) };
        let mut found = Text::from(value()?);
        if found.is_empty() && values.iter().all(|value| !value.is_empty()) {
            found = "none".into();
        }
        if values.contains(&found) { Ok(()) } else { Err(Other) }
    }

    fn end(mut self) -> Result<String, Other> {
        if self.told.contains('{') {
            self.told.push('}');
        }
        Ok(self.told)
    }
}

/// Writes the value of a field as predicates have it: `b1`, `orders-0`, `b1>b2`, `5s`, `LeaderDied`.
#[derive(Clone, Copy)]
struct Value<'a> {
    clients: &'a [Text],
    /// The newtype around it: a broker's id is a number in one.
    of: &'static str,
}

macro_rules! plain {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method(self, value: $type) -> Result<String, Other> { Ok(self.number(i128::from(value))) })*
    };
}

impl Value<'_> {
    fn number(self, number: i128) -> String {
        match self.of {
            "BrokerId" => format!("b{number}"),
            "Micros" => time(Micros(u64::try_from(number).unwrap_or(u64::MAX))),
            "ClientId" => {
                let name = usize::try_from(number).ok().and_then(|id| self.clients.get(id));
                name.map_or_else(String::new, ToString::to_string)
            }
            _ => number.to_string(),
        }
    }
}

impl<'a> ser::Serializer for Value<'a> {
    type Ok = String;
    type Error = Other;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Never<String>;
    type SerializeTupleStruct = Never<String>;
    type SerializeTupleVariant = Never<String>;
    type SerializeMap = Never<String>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Never<String>;

    plain!(
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64)
    );
    never!(String; serialize_f32(f32), serialize_f64(f64), serialize_char(char),
        serialize_bytes(&[u8]), serialize_unit_struct(&'static str));
    never!(Never<String>; serialize_tuple(usize), serialize_map(Option<usize>));

    fn serialize_bool(self, value: bool) -> Result<String, Other> {
        Ok(value.to_string())
    }
    fn serialize_str(self, value: &str) -> Result<String, Other> {
        Ok(value.to_owned())
    }
    fn serialize_none(self) -> Result<String, Other> {
        Ok("none".to_owned())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String, Other> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<String, Other> {
        Err(Other)
    }
    fn serialize_unit_variant(
        self,
        of: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<String, Other> {
        Ok(if of == "NodeId" { "zk" } else { name }.to_owned())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        of: &'static str,
        value: &T,
    ) -> Result<String, Other> {
        value.serialize(Value { of, ..self })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<String, Other> {
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Other> {
        Ok(Parts { parts: Vec::new(), between: ">", value: self })
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never<String>, Other> {
        Err(Other)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never<String>, Other> {
        Err(Other)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Other> {
        Ok(Parts { parts: Vec::new(), between: "-", value: self })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never<String>, Other> {
        Err(Other)
    }
}

/// Several values with a sign between: a list, or a topic and its partition.
struct Parts<'a> {
    parts: Vec<String>,
    between: &'static str,
    value: Value<'a>,
}

impl ser::SerializeSeq for Parts<'_> {
    type Ok = String;
    type Error = Other;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Other> {
        self.parts.push(value.serialize(self.value)?);
        Ok(())
    }

    fn end(self) -> Result<String, Other> {
        Ok(self.parts.join(self.between))
    }
}

impl ser::SerializeStruct for Parts<'_> {
    type Ok = String;
    type Error = Other;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Other> {
        self.parts.push(value.serialize(self.value)?);
        Ok(())
    }

    fn end(self) -> Result<String, Other> {
        Ok(self.parts.join(self.between))
    }
}
