//! The schemas of `docs/openapi.yaml` as TypeScript types, for clients.

use anyhow::{Context, Result, bail};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::fmt::{self, Write};

/// Schemas whose types stand in `rules.generated.ts`.
const ELSEWHERE: [&str; 7] =
    ["Action", "Code", "Fact", "OrganizationAction", "OrganizationFact", "OrganizationRole", "Role"];

/// Where a reference to a schema leads.
const SCHEMAS: &str = "#/components/schemas/";

/// A YAML value whose members keep their order.
#[derive(Debug)]
pub enum Node {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Members with their names.
    Map(Vec<(String, Node)>),
}

impl Node {
    fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    fn members(&self) -> &[(String, Node)] {
        if let Node::Map(members) = self { members } else { &[] }
    }

    fn list(&self) -> &[Node] {
        if let Node::List(values) = self { values } else { &[] }
    }

    fn text(&self) -> Option<&str> {
        if let Node::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(value as f64))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Number(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut map = Vec::new();
                while let Some(member) = members.next_entry()? {
                    map.push(member);
                }
                Ok(Node::Map(map))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// `clients/typescript/src/types.generated.ts`, from the text of `docs/openapi.yaml`.
pub fn types(document: &str) -> Result<String> {
    let document: Node = serde_saphyr::from_str(document)?;
    let schemas = document.get("components").and_then(|components| components.get("schemas")).context("no schemas")?;
    let mut module = format!(
        "\
// What requests and answers consist of. Generated from docs/openapi by `make generate`; do not edit.

import type {{ {} }} from './rules.generated.js';
",
        ELSEWHERE.join(", ")
    );
    for (name, schema) in schemas.members() {
        if ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        let text = type_of(schema, 0).with_context(|| format!("the schema {name}"))?;
        module.push('\n');
        comment(&mut module, schema, 0);
        let _ = writeln!(module, "export type {name} = {text};");
    }
    Ok(module)
}

/// The type of what a schema allows, in lines that are indented so far but for the first.
fn type_of(schema: &Node, indent: usize) -> Result<String> {
    if let Some(reference) = schema.get("$ref") {
        let name = reference.text().and_then(|text| text.strip_prefix(SCHEMAS)).context("a reference to no schema")?;
        return Ok(match schema.get("properties").or(schema.get("required")) {
            Some(_) => format!("{name} & {}", object(schema, name, indent)?),
            None => name.to_owned(),
        });
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(values) = schema.get("enum") {
        return union(values.list().iter().map(literal));
    }
    if let Some(schemas) = schema.get("oneOf") {
        return union(schemas.list().iter().map(|schema| type_of(schema, indent)));
    }
    match schema.get("type") {
        Some(Node::Text(name)) => named(name, schema, indent),
        Some(Node::List(names)) => union(names.iter().map(|name| named(name.text().unwrap_or(""), schema, indent))),
        _ => bail!("a schema without a type: {schema:?}"),
    }
}

/// The type that a schema with this `type` allows.
fn named(name: &str, schema: &Node, indent: usize) -> Result<String> {
    Ok(match name {
        "string" => "string".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => {
            let items = type_of(schema.get("items").context("an array without items")?, indent)?;
            let needs_parentheses = items.contains([' ', '|', '&']) && !items.starts_with('{');
            if needs_parentheses { format!("readonly ({items})[]") } else { format!("readonly {items}[]") }
        }
        "object" => object(schema, "", indent)?,
        _ => bail!("an unknown type {name}"),
    })
}

/// The type of an object; what it requires without saying what it is, it has from the schema `base`.
fn object(schema: &Node, base: &str, indent: usize) -> Result<String> {
    let properties = schema.get("properties").map_or(&[][..], Node::members);
    let required: Vec<&str> =
        schema.get("required").map_or(&[][..], Node::list).iter().filter_map(Node::text).collect();
    let inherited: Vec<String> = required
        .iter()
        .filter(|name| !properties.iter().any(|(property, _)| property == *name))
        .map(|name| format!("'{name}'"))
        .collect();
    if properties.is_empty() && inherited.is_empty() {
        return Ok(match schema.get("additionalProperties") {
            Some(values @ Node::Map(_)) => {
                let values = type_of(values, indent)?;
                match schema.get("propertyNames") {
                    Some(names) => format!("Readonly<Partial<Record<{}, {values}>>>", type_of(names, indent)?),
                    None => format!("Readonly<Record<string, {values}>>"),
                }
            }
            _ => "Readonly<Record<string, never>>".to_owned(),
        });
    }
    let mut types = Vec::new();
    if !inherited.is_empty() {
        if base.is_empty() {
            bail!("it requires {} without saying what that is", inherited.join(", "));
        }
        types.push(format!("Required<Pick<{base}, {}>>", inherited.join(" | ")));
    }
    if !properties.is_empty() {
        let mut text = "{\n".to_owned();
        for (name, property) in properties {
            comment(&mut text, property, indent + 2);
            let optional = if required.contains(&name.as_str()) { "" } else { "?" };
            let key = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("'{name}'") } else { name.clone() };
            let its_type = type_of(property, indent + 2)?;
            let _ = writeln!(text, "{:width$}readonly {key}{optional}: {its_type};", "", width = indent + 2);
        }
        let _ = write!(text, "{:indent$}}}", "");
        types.push(text);
    }
    Ok(types.join(" & "))
}

fn union(types: impl Iterator<Item = Result<String>>) -> Result<String> {
    let types: Vec<String> = types.collect::<Result<_>>()?;
    Ok(types.join(" | "))
}

fn literal(value: &Node) -> Result<String> {
    Ok(match value {
        Node::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Node::Bool(value) => value.to_string(),
        Node::Number(value) => value.to_string(),
        Node::Null => "null".to_owned(),
        Node::List(_) | Node::Map(_) => bail!("a constant that is neither text nor number: {value:?}"),
    })
}

/// The description of a schema, as a comment.
fn comment(text: &mut String, schema: &Node, indent: usize) {
    if let Some(description) = schema.get("description").and_then(Node::text) {
        let description = description.split_whitespace().collect::<Vec<_>>().join(" ").replace("*/", "* /");
        let _ = writeln!(text, "{:indent$}/** {description} */", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(schema: &str) -> Result<String> {
        type_of(&serde_saphyr::from_str::<Node>(schema).unwrap(), 0)
    }

    #[test]
    fn a_schema_has_a_type() {
        for (schema, expected) in [
            ("{type: [string, 'null']}", "string | null"),
            ("{type: integer, minimum: 1}", "number"),
            ("{const: true}", "true"),
            ("{type: string, enum: [a, \"b'c\"]}", "'a' | 'b\\'c'"),
            ("{oneOf: [{$ref: '#/components/schemas/Uuid'}, {type: 'null'}]}", "Uuid | null"),
            ("{type: array, items: {type: [string, 'null']}}", "readonly (string | null)[]"),
            ("{type: object, additionalProperties: {type: number}}", "Readonly<Record<string, number>>"),
            ("{type: object, additionalProperties: false}", "Readonly<Record<string, never>>"),
            (
                "{type: object, required: [b], properties: {b: {type: string}, a: {type: string}, 1h: {type: string}}}",
                "{\n  readonly b: string;\n  readonly a?: string;\n  readonly '1h'?: string;\n}",
            ),
            (
                "{$ref: '#/components/schemas/P', required: [r], properties: {s: {const: 1}}}",
                "P & Required<Pick<P, 'r'>> & {\n  readonly s?: 1;\n}",
            ),
        ] {
            assert_eq!(typed(schema).unwrap(), expected, "{schema}");
        }
        for schema in ["{}", "{type: thing}", "{type: array}", "{$ref: '#/elsewhere'}", "{type: object, required: [a]}"]
        {
            typed(schema).unwrap_err();
        }
    }
}
