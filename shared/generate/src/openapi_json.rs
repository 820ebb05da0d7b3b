//! The OpenAPI document as JSON, in the order of the YAML.

use crate::schemas::Node;
use anyhow::Result;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// `functions/home/assets/openapi.generated.json`, from the text of `docs/openapi.yaml`.
pub fn json(document: &str) -> Result<String> {
    let document: Node = serde_saphyr::from_str(document)?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The largest number up to which every whole number is a double.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(value) => serializer.serialize_bool(*value),
            Node::Number(value) if value.fract() == 0.0 && value.abs() <= WHOLE => {
                serializer.serialize_i64(*value as i64)
            }
            Node::Number(value) => serializer.serialize_f64(*value),
            Node::Text(text) => serializer.serialize_str(text),
            Node::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| list.serialize_element(value))?;
                list.end()
            }
            Node::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn the_order_and_the_kinds_of_values_are_kept() {
        let text = json("z: 1\na: {list: [1.5, true, null, '1', -2]}\n'200': text\n").unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(compact, r#"{"z":1,"a":{"list":[1.5,true,null,"1",-2]},"200":"text"}"#);
    }
}
