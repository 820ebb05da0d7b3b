//! The object in a request's body, or the parameters in its query string, read field by field.

use crate::{
    rules::{code::Code, form::Fault, id::UserId},
    wire::{
        author::{self, Impersonation},
        input::{Field, Input, Reader, Source},
        json::{self, Location},
        refusal::{Reasons, Refusal},
    },
};
use serde_json::{Map, Value, map::Entry};

/// Fields that are still to be read, and the faults of those that were.
pub struct Fields {
    source: Source,
    /// Where the object stands: `checks[3]`, or nothing.
    place: String,
    path_id: Option<String>,
    values: Map<String, Value>,
    reasons: Reasons,
}

impl Fields {
    /// Reads a body: one JSON object, no key twice (parsers differ in which of two they take). An empty body is an
    /// empty object; the functions that need fields then miss them by name.
    pub fn parse(body: &[u8]) -> Result<Fields, Refusal> {
        let (values, duplicates) = json::parse_object(body)?;
        Ok(Fields { reasons: duplicates, ..Fields::new(Source::Body, values) })
    }

    /// Reads the parameters of a query string (`application/x-www-form-urlencoded`), none of which may stand twice.
    pub fn of_query(query: Option<&str>) -> Fields {
        let mut fields = Fields::new(Source::Query, Map::new());
        for (name, value) in form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
            match fields.values.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(Value::String(value.into_owned()));
                }
                Entry::Occupied(entry) => {
                    let name = entry.key().to_owned();
                    let message = "This parameter appears twice in the query string.";
                    fields.refuse::<()>(&name, Fault::new("duplicate", message));
                }
            }
        }
        fields
    }

    /// Reads the parameters of a form. A name that stands several times with different values has a list as its value.
    pub fn of_form(parameters: Vec<(String, String)>) -> Fields {
        let mut fields = Fields::new(Source::Body, Map::new());
        for (name, value) in parameters {
            match fields.values.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(Value::String(value));
                }
                Entry::Occupied(mut entry) => match entry.get_mut() {
                    Value::Array(values) => values.push(Value::String(value)),
                    Value::String(first) if *first == value => {}
                    first => *first = Value::Array(vec![first.take(), Value::String(value)]),
                },
            }
        }
        fields
    }

    fn new(source: Source, values: Map<String, Value>) -> Fields {
        Fields { source, place: String::new(), path_id: None, values, reasons: Reasons::default() }
    }

    /// The fields, with the id that the request's path has.
    #[must_use]
    pub fn with_path_id(mut self, id: Option<&str>) -> Fields {
        self.path_id = id.map(str::to_owned);
        self
    }

    /// Takes the author fields out, of the objects in lists too, and says whether one of them is not `caller`.
    pub fn impersonation(&mut self, caller: Option<UserId>) -> Option<Impersonation> {
        author::impersonation(&mut self.values, caller)
    }

    /// Whether one of these fields is there.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|&name| self.values.contains_key(name))
    }

    /// Reads a field; `None` if it has a fault.
    pub fn get<T: Field>(&mut self, name: &str) -> Option<T> {
        let value = self.values.remove(name);
        let parent = Location::Written(&self.place);
        let reader = Reader::at(self.source, Location::Member(&parent, name), &mut self.reasons);
        let mut reader = Reader { path_id: self.path_id.as_deref(), ..reader };
        match value {
            Some(value) if T::READS_NULL || !value.is_null() => T::read(value, &mut reader),
            _ => T::absent(&mut reader),
        }
    }

    /// Drops fields that mean nothing because of another fault, which has been reported.
    pub fn pass_over(&mut self, names: &[&str]) {
        for &name in names {
            self.values.remove(name);
        }
    }

    /// Drops what was not read: a carrier sends more than anybody needs, and adds to it as it likes.
    pub fn pass_over_rest(&mut self) {
        self.values.clear();
    }

    /// Notes a fault of a field; always `None`, to be returned for the input that could not be read.
    pub fn refuse<T>(&mut self, name: &str, fault: Fault) -> Option<T> {
        let parent = Location::Written(&self.place);
        Reader::at(self.source, Location::Member(&parent, name), &mut self.reasons).refuse(fault)
    }

    /// Reads the object that is the value of `reader`'s field.
    pub(super) fn read_nested<T: Input>(values: Map<String, Value>, reader: &mut Reader<'_>) -> Option<T> {
        let mut fields = Fields { place: reader.location.shown(), ..Fields::new(reader.source, values) };
        let input = T::decode(&mut fields);
        fields.refuse_unknown();
        reader.reasons.append(fields.reasons);
        input
    }

    /// Reads the input: any fault, or a field that is left over, refuses the request.
    pub fn read<T: Input>(mut self) -> Result<T, Refusal> {
        let input = T::decode(&mut self);
        self.finish(input)
    }

    /// Ends the reading: what is left over is unknown, and any fault refuses the request.
    pub(super) fn finish<T>(mut self, input: Option<T>) -> Result<T, Refusal> {
        self.refuse_unknown();
        match input {
            Some(input) if self.reasons.is_empty() => Ok(input),
            _ => {
                let detail = match (self.source, self.reasons.total()) {
                    (Source::Body, 1) => "One field of the body is not valid.".to_owned(),
                    (Source::Body, n) => format!("{n} fields of the body are not valid."),
                    (Source::Query, 1) => "One parameter is not valid.".to_owned(),
                    (Source::Query, n) => format!("{n} parameters are not valid."),
                };
                Err(Refusal::new(Code::ValidationError, detail).because(self.reasons))
            }
        }
    }

    fn refuse_unknown(&mut self) {
        for name in std::mem::take(&mut self.values).keys() {
            self.refuse::<()>(name, Fault::new("unknown_field", "This field is unknown."));
        }
    }
}

#[cfg(test)]
mod tests;
