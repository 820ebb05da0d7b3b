//! What a function takes: a struct whose fields are read by their types.
//!
//! Every fault is reported, each with the field it is in, and a field that nobody reads is refused.

use crate::{
    rules::form::{Fault, FromText},
    wire::{
        fields::Fields,
        json::Location,
        refusal::{Reason, Reasons},
    },
};
use serde_json::Value;

/// What a function takes, read from a body or a query string.
pub trait Input: Sized {
    /// The names of its fields, if they are always the same.
    const FIELDS: &'static [&'static str] = &[];

    /// Reads it; `None` where `fields` has noted a fault.
    fn decode(fields: &mut Fields) -> Option<Self>;
}

/// A type that a field of an input can have.
pub trait Field: Sized {
    /// Whether null is a value of its own; else it is as if the field were left out.
    const READS_NULL: bool = false;

    /// Reads the value; `None` where `reader` has noted a fault.
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self>;

    /// The value of a field that is left out, or null.
    fn absent(reader: &mut Reader<'_>) -> Option<Self> {
        reader.refuse(Fault::new("required", "This field is required."))
    }

    /// Whether the entry point is not told this value.
    fn is_withheld(&self) -> bool {
        false
    }
}

/// Where fields come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The members of a JSON object.
    Body,
    /// The parameters of a query string: every value is text.
    Query,
}

/// The field that is being read: where it stands, and where its faults go.
pub struct Reader<'a> {
    /// Where the field comes from.
    pub source: Source,
    /// Where it stands.
    pub location: Location<'a>,
    /// The id in the request's path, undecoded.
    pub path_id: Option<&'a str>,
    pub(super) reasons: &'a mut Reasons,
}

impl<'a> Reader<'a> {
    /// The reader of a value at this place.
    pub(super) fn at(source: Source, location: Location<'a>, reasons: &'a mut Reasons) -> Reader<'a> {
        Reader { source, location, path_id: None, reasons }
    }

    /// Notes a fault; always `None`, to be returned for the value that could not be read.
    pub fn refuse<T>(&mut self, fault: Fault) -> Option<T> {
        let location = self.location;
        self.reasons.add(|| Reason {
            code: fault.code.into(),
            message: fault.message,
            field: Some(location.shown().into()),
            allowed_if: None,
            ..Reason::default()
        });
        None
    }

    /// The reader of an entry of the list that is being read.
    pub fn entry(&mut self, index: usize) -> Reader<'_> {
        Reader::at(self.source, Location::Entry(&self.location, index), self.reasons)
    }
}

impl<T: FromText> Field for T {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<T> {
        let read = match value.as_str() {
            Some(text) => T::from_text(text),
            None => Err(Fault::new("wrong_type", T::WRONG_TYPE)),
        };
        read.map_or_else(|fault| reader.refuse(fault), Some)
    }
}

impl<T: Field> Field for Option<T> {
    const READS_NULL: bool = T::READS_NULL;

    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Option<T>> {
        T::read(value, reader).map(Some)
    }

    fn absent(_: &mut Reader<'_>) -> Option<Option<T>> {
        Some(None)
    }

    fn is_withheld(&self) -> bool {
        self.is_none()
    }
}

/// Declares an input: a struct whose fields are those of the body or query string, each read by its type.
///
/// A rule across fields is a function that takes some of them by reference and answers a [`Fault`] of one of them:
/// `check since_seq: one_direction(before_seq, since_seq);`. It is asked if those fields have no fault of their own.
#[macro_export]
macro_rules! input {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }
        $(check $blamed:ident: $rule:ident($($argument:ident),+);)*
    ) => {
        $(#[$doc])*
        $vis struct $name { $($(#[$field_doc])* $field: $type,)+ }

        impl $crate::wire::input::Input for $name {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn decode(fields: &mut $crate::wire::fields::Fields) -> Option<$name> {
                // Every field is read before the first fault ends it, so that none hides another.
                $(let $field = fields.get::<$type>(stringify!($field));)+
                $(
                    if let ($(Some($argument),)+) = ($(&$argument,)+)
                        && let Err(fault) = $rule($($argument),+)
                    {
                        return fields.refuse(stringify!($blamed), fault);
                    }
                )*
                Some($name { $($field: $field?,)+ })
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $(
                    if !$crate::wire::input::Field::is_withheld(&self.$field) {
                        $crate::serde::ser::SerializeMap::serialize_entry(&mut map, stringify!($field), &self.$field)?;
                    }
                )+
                $crate::serde::ser::SerializeMap::end(map)
            }
        }
    };
}
