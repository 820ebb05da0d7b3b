//! Checks what the functions answer against `docs/openapi.yaml`, and notes which documented answers were seen.
//!
//! The client calls [`check`] for every answer of every end-to-end test. What was seen is written below `target/tmp`;
//! `rolecall-openapi-coverage` compares it with the document when the tests are over.

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use jsonschema::{Draft, Registry, Validator};
use rolecall_kit::{client::Answer, runner::workspace};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// The name of the document within the schemas' registry.
const URI: &str = "urn:rolecall:openapi";

/// An id that nothing has.
const EXAMPLE_ID: &str = "00000000-0000-4000-8000-0000000000ee";

/// Methods an operation of the document may have.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The status that stands for what is refused before a function sees the request; its code can be any.
const AT_THE_DOOR: &str = "4XX";

/// Fields that a body may repeat the caller's id in, whatever the function; see `shared/src/wire/author.rs`.
const AUTHOR_FIELDS: [&str; 10] = [
    "sender_id",
    "senderId",
    "user_id",
    "userId",
    "from_user_id",
    "helper_id",
    "helperId",
    "author_id",
    "requester_id",
    "created_by",
];

/// The document, read and indexed.
pub struct Document {
    root: Value,
    registry: &'static Registry<'static>,
    operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path with parameters in braces.
    pub path: String,
    /// Where it stands in the document.
    pointer: String,
    /// The operation that answers the same at another path.
    pub alias_of: Option<String>,
    /// Its name.
    pub id: String,
    /// The codes of each documented status: `ok` for a success.
    pub answers: BTreeMap<String, BTreeSet<String>>,
}

impl Operation {
    /// Whether it reports the health of a function or of the application.
    pub fn is_health(&self) -> bool {
        self.answers.contains_key("503")
    }
}

/// A documented answer: method, path, status or `default`, code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path with parameters in braces.
    pub path: String,
    /// The status, or `default`.
    pub status: String,
    /// The error's code, or `ok`.
    pub code: String,
}

/// The document of this workspace.
///
/// # Panics
/// When it cannot be read.
pub fn document() -> &'static Document {
    static DOCUMENT: LazyLock<Document> =
        LazyLock::new(|| Document::read().unwrap_or_else(|error| panic!("docs/openapi.yaml: {error:#}")));
    &DOCUMENT
}

/// Checks an answer against the document and notes that it was seen.
///
/// # Panics
/// When the document does not say that this can be the answer.
pub fn check(method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) {
    if let Err(error) = judge(method, path, sent, answer) {
        panic!("{error:#}");
    }
}

/// The same without a panic.
///
/// # Errors
/// When the document does not say that this can be the answer.
pub fn judge(method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) -> Result<Option<Seen>> {
    let judged = document().judge(method, path, sent, answer);
    let seen = judged.with_context(|| {
        let Answer { status, body, .. } = answer;
        format!("{method} {path} is not answered as docs/openapi.yaml says, by {status} {body}")
    })?;
    seen.iter().cloned().for_each(note);
    Ok(seen)
}

/// Checks a line of an export that is read line by line.
///
/// # Panics
/// When the document does not say that there can be such a line.
pub fn check_line(line: &Value) {
    let verdict = document().validate("/components/schemas/ExportLine", line);
    verdict.unwrap_or_else(|error| panic!("a line that docs/openapi.yaml does not know: {error:#}: {line}"));
}

/// Where the process with this id notes what it saw.
fn directory() -> PathBuf {
    workspace().join("target/tmp/openapi")
}

/// Notes an answer once.
fn note(seen: Seen) {
    static NOTED: Mutex<(BTreeSet<Seen>, Option<File>)> = Mutex::new((BTreeSet::new(), None));
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    let line = format!("{} {} {} {}\n", seen.method, seen.path, seen.status, seen.code);
    if !noted.0.insert(seen) {
        return;
    }
    if noted.1.is_none() {
        let file = fs::create_dir_all(directory()).and_then(|()| {
            let path = directory().join(format!("{}.txt", std::process::id()));
            OpenOptions::new().create(true).append(true).open(path)
        });
        noted.1 = Some(file.unwrap_or_else(|error| panic!("what was seen cannot be noted: {error}")));
    }
    if let Some(file) = &mut noted.1 {
        file.write_all(line.as_bytes()).unwrap_or_else(|error| panic!("what was seen cannot be noted: {error}"));
    }
}

/// Everything that was noted since the directory was emptied.
///
/// # Errors
/// When a note cannot be read.
pub fn noted() -> Result<BTreeSet<Seen>> {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(directory()).context("no end-to-end test has run")? {
        for line in fs::read_to_string(entry?.path())?.lines() {
            let [method, path, status, code] = line.split(' ').collect::<Vec<_>>()[..] else {
                bail!("a malformed note: {line}")
            };
            let [method, path, status, code] = [method, path, status, code].map(str::to_owned);
            seen.insert(Seen { method, path, status, code });
        }
    }
    Ok(seen)
}

impl Document {
    /// Reads the document.
    ///
    /// # Errors
    /// When it is no OpenAPI document of the form that is understood here.
    pub fn read() -> Result<Document> {
        let text = fs::read_to_string(workspace().join("docs/openapi.yaml"))?;
        let root: Value = serde_saphyr::from_str(&text)?;
        ensure!(root["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "it is not OpenAPI 3.1");
        // Both live as long as the process: the document is read once.
        let registry = Registry::new().draft(Draft::Draft202012).add(URI, root.clone())?.prepare()?;
        let registry: &'static Registry<'static> = Box::leak(Box::new(registry));
        let mut document = Document { root, registry, operations: Vec::new(), validators: Mutex::default() };
        document.operations = document.index()?;
        Ok(document)
    }

    fn index(&self) -> Result<Vec<Operation>> {
        let mut operations = Vec::new();
        for (path, item) in self.root["paths"].as_object().context("no paths")? {
            for method in METHODS {
                let name = method.as_str().to_lowercase();
                let Some(value) = item.get(&name) else { continue };
                let pointer = format!("/paths/{}/{name}", escape(path));
                let mut answers = BTreeMap::new();
                for (status, _) in value["responses"].as_object().with_context(|| format!("{pointer}: no responses"))? {
                    let codes = self.codes(&format!("{pointer}/responses/{status}"))?;
                    ensure!(status == AT_THE_DOOR || !codes.is_empty(), "{pointer}: {status} has no code");
                    answers.insert(status.clone(), codes);
                }
                let id =
                    value["operationId"].as_str().with_context(|| format!("{pointer}: no operationId"))?.to_owned();
                let alias_of = value["x-alias-of"].as_str().map(str::to_owned);
                operations.push(Operation { method, path: path.clone(), pointer, alias_of, id, answers });
            }
        }
        Ok(operations)
    }

    /// The operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Whether operators call it instead of users.
    pub fn is_for_operators(&self, operation: &Operation) -> bool {
        !self.part(operation)["security"][0]["operator"].is_null()
    }

    /// Whether the carrier of text messages calls it, with its signature.
    pub fn is_for_carrier(&self, operation: &Operation) -> bool {
        !self.part(operation)["security"][0]["carrier"].is_null()
    }

    /// Whether operators call it beside users.
    pub fn is_for_staff(&self, operation: &Operation) -> bool {
        !self.part(operation)["security"][1]["operator"].is_null()
    }

    /// The flag that switches an operation's function, where it has another name than the function.
    pub fn named_flag<'a>(&'a self, operation: &Operation) -> Option<&'a str> {
        self.part(operation)["x-flag"].as_str()
    }

    /// Whether a POST changes nothing, so that it goes on during maintenance.
    pub fn reads(&self, operation: &Operation) -> bool {
        self.part(operation)["x-reads"].as_bool().unwrap_or_default()
    }

    /// The operation with this `operationId`.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The value at a pointer, with references followed on the way; with the pointer where it really stands.
    fn at(&self, pointer: &str) -> Option<(String, &Value)> {
        let (mut place, mut value) = (String::new(), &self.root);
        for segment in pointer.split('/').skip(1) {
            value = value.pointer(&format!("/{segment}"))?;
            place = format!("{place}/{segment}");
            while let Some(target) = referenced(value) {
                target.clone_into(&mut place);
                value = self.root.pointer(&place)?;
            }
        }
        Some((place, value))
    }

    /// The codes that a response can carry.
    fn codes(&self, response: &str) -> Result<BTreeSet<String>> {
        let (place, value) = self.at(response).with_context(|| format!("{response} leads nowhere"))?;
        let mut codes = BTreeSet::new();
        for (media_type, _) in value["content"].as_object().with_context(|| format!("{place}: no content"))? {
            if media_type == "application/problem+json" {
                self.collect_codes(&format!("{place}/content/{}/schema", escape(media_type)), &mut codes)?;
            } else {
                codes.insert("ok".to_owned());
            }
        }
        Ok(codes)
    }

    fn collect_codes(&self, schema: &str, codes: &mut BTreeSet<String>) -> Result<()> {
        let (_, value) = self.at(schema).with_context(|| format!("{schema} leads nowhere"))?;
        codes.extend(value["properties"]["code"]["const"].as_str().map(str::to_owned));
        for keyword in ["oneOf", "allOf"] {
            for number in 0..value[keyword].as_array().map_or(0, Vec::len) {
                let inner = &value[keyword][number];
                match referenced(inner) {
                    Some(target) => self.collect_codes(target, codes)?,
                    None => codes.extend(inner["properties"]["code"]["const"].as_str().map(str::to_owned)),
                }
            }
        }
        Ok(())
    }

    /// The validator of the schema at a pointer.
    fn validator(&self, pointer: &str) -> Result<Arc<Validator>> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = validators.get(pointer) {
            return Ok(Arc::clone(validator));
        }
        let schema = json!({"$ref": format!("{URI}#{pointer}")});
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = options.with_registry(self.registry).build(&schema).map_err(|error| error.to_owned())?;
        let validator = Arc::new(validator);
        validators.insert(pointer.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }

    /// Wants `value` to be as the schema at `pointer` says.
    ///
    /// # Errors
    /// Says where it is not.
    pub fn validate(&self, pointer: &str, value: &Value) -> Result<()> {
        let (place, _) = self.at(pointer).with_context(|| format!("{pointer} leads nowhere"))?;
        let validator = self.validator(&place)?;
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{}: {}", fault.instance_path(), shortened(&fault.to_string())))
            .collect();
        ensure!(faults.is_empty(), "{place}: {}", faults.join("; "));
        Ok(())
    }

    /// The documented operations of the path that this request path matches; literal segments go before parameters.
    fn matching(&self, path: &str) -> Option<(&str, Vec<&Operation>)> {
        let matches = |template: &str| {
            let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return true,
                    (Some(ours), Some(theirs)) if ours == theirs || (ours.starts_with('{') && !theirs.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        let templates: BTreeSet<&str> = self.operations.iter().map(|operation| operation.path.as_str()).collect();
        let template =
            templates.into_iter().filter(|template| matches(template)).min_by_key(|t| t.matches('{').count())?;
        Some((template, self.operations.iter().filter(|operation| operation.path == template).collect()))
    }

    /// Judges one answer; what of the document was seen, if it is an answer the document names one by one.
    fn judge(&self, method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) -> Result<Option<Seen>> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        // A success may have a member of that name: the code of what was asked about, not of the answer.
        let code = if answer.status < 400 || answer.code().is_empty() { "ok" } else { answer.code() };
        let matched = self.matching(path);
        // Below a route that ends in `/...` a slash at the end makes no difference; elsewhere there is nothing there.
        let bare_path = path.strip_suffix('/').filter(|_| matched.is_none() && answer.status != 404);
        let matched = matched.or_else(|| self.matching(bare_path?));
        let Some((template, operations)) = matched else {
            ensure!(answer.status == 404 || answer.status >= 500, "the path is not documented");
            if !answer.body.is_null() {
                self.validate("/components/schemas/Problem", &answer.body)?;
            }
            return Ok(None);
        };
        if *method == Method::HEAD {
            let gets = operations.iter().any(|operation| operation.method == Method::GET);
            ensure!((answer.status == 405) != gets, "HEAD is answered as GET is");
            return Ok(None);
        }
        let Some(operation) = operations.iter().find(|operation| operation.method == *method) else {
            match *method {
                _ if answer.status >= 500 => {}
                Method::OPTIONS => ensure!(answer.status == 204, "OPTIONS is answered by 204"),
                _ => ensure!(answer.status == 405, "the method is not documented"),
            }
            if !answer.body.is_null() {
                let name = if answer.status == 405 { "MethodNotAllowed" } else { "ServerError" };
                self.validate(&format!("/components/schemas/{name}"), &answer.body)?;
            }
            return Ok(None);
        };

        if *method == Method::GET && matches!(answer.status, 413 | 415) {
            let name = if answer.status == 413 { "PayloadTooLargeProblem" } else { "UnsupportedMediaTypeProblem" };
            self.validate(&format!("/components/schemas/{name}"), &answer.body)?;
            return Ok(None);
        }

        let status = answer.status.to_string();
        let named = operation.answers.get(&status).is_some_and(|codes| answer.status < 500 || codes.contains(code));
        let at_the_door = (400..500).contains(&answer.status) && operation.answers.contains_key(AT_THE_DOOR);
        let status = match named {
            true => status,
            false if at_the_door => AT_THE_DOOR.to_owned(),
            false => "default".to_owned(),
        };
        let codes = operation.answers.get(&status).context("the status is not documented")?;
        ensure!(status != "default" || answer.status >= 500, "the status is not documented");
        let is_documented = status == AT_THE_DOOR || codes.contains(code);
        ensure!(is_documented, "the code {code} is not documented for {status}, only {codes:?}");

        let response = format!("{}/responses/{status}", operation.pointer);
        let (response, value) = self.at(&response).context("the response leads nowhere")?;
        for (name, _) in value["headers"].as_object().into_iter().flatten() {
            let (_, header) = self.at(&format!("{response}/headers/{name}")).context("the header leads nowhere")?;
            let there = answer.headers.contains_key(name.as_str());
            ensure!(there || header["required"] != true, "the header {name} is missing");
        }
        let media_type = answer.header("content-type").split(';').next().unwrap_or("").to_owned();
        ensure!(value["content"].get(&media_type).is_some(), "the content type {media_type} is not documented");
        let schema = format!("{response}/content/{}/schema", escape(&media_type));
        match &answer.body {
            // One JSON object a line; the schema is that of a line.
            Value::Array(lines) if media_type == "application/x-ndjson" => {
                for line in lines {
                    self.validate(&schema, line)?;
                }
            }
            body => self.validate(&schema, body)?,
        }
        if answer.status < 300 {
            let accepted = sent.and_then(|sent| accepted(sent, answer));
            self.judge_request(operation, query, accepted.as_ref())?;
        }
        Ok(Some(Seen { method: method.to_string(), path: template.to_owned(), status, code: code.to_owned() }))
    }

    /// What was accepted must be what the document says is accepted.
    fn judge_request(&self, operation: &Operation, query: &str, sent: Option<&Value>) -> Result<()> {
        let body = format!("{}/requestBody/content/application~1json/schema", operation.pointer);
        match (self.at(&body), sent) {
            (Some((place, _)), Some(sent)) => self.validate(&place, &bare(sent)).context("the request's body")?,
            (None, Some(Value::Object(sent))) if operation.method == Method::POST => {
                ensure!(sent.is_empty(), "the request had a body, of which nothing is documented");
            }
            _ => {}
        }
        let parameters: Vec<(String, &Value)> = (0..)
            .map_while(|number| self.at(&format!("{}/parameters/{number}", operation.pointer)))
            .filter(|(_, parameter)| parameter["in"] == "query")
            .collect();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            let known = parameters.iter().find(|(_, parameter)| parameter["name"] == name);
            // The carrier's address may have a query, which is signed and means nothing.
            if known.is_none() && self.is_for_carrier(operation) {
                continue;
            }
            let (place, _) = known.with_context(|| format!("the query parameter {name} is not documented"))?;
            // What is percent-encoded is not read here.
            if !text.contains(['%', '+']) {
                let value = serde_json::from_str::<serde_json::Number>(text)
                    .map_or_else(|_| json!(text), |number| json!(number));
                self.validate(&format!("{place}/schema"), &value).context("the request's query")?;
            }
        }
        Ok(())
    }

    /// Every answer the document names, except those that `default` stands for; those once each, under the path `*`.
    pub fn documented(&self) -> BTreeSet<Seen> {
        let mut documented = BTreeSet::new();
        for operation in &self.operations {
            for (status, codes) in &operation.answers {
                // Those have no code of their own, and `codes` is empty.
                for code in codes {
                    let (method, path) = match status.as_str() {
                        "default" => ("*".to_owned(), "*".to_owned()),
                        // What an alias refuses, the operation it stands for refuses by the same code.
                        _ if operation.alias_of.is_some() && code != "ok" => continue,
                        _ => (operation.method.to_string(), operation.path.clone()),
                    };
                    documented.insert(Seen { method, path, status: status.clone(), code: code.clone() });
                }
            }
        }
        documented
    }

    /// The documented answers that were not seen.
    pub fn missing(&self, seen: &BTreeSet<Seen>) -> Vec<Seen> {
        let anywhere: BTreeSet<&str> =
            seen.iter().filter(|seen| seen.status == "default").map(|seen| seen.code.as_str()).collect();
        let was_seen = |answer: &Seen| match answer.status.as_str() {
            "default" => anywhere.contains(answer.code.as_str()),
            _ => seen.contains(answer),
        };
        self.documented().into_iter().filter(|answer| !was_seen(answer)).collect()
    }

    /// The path of an operation, with an id that nothing has.
    pub fn example_path(&self, operation: &Operation) -> String {
        operation.path.replace("{id}", EXAMPLE_ID)
    }

    /// The query of an operation with an example of each parameter that it must have.
    pub fn example_query(&self, operation: &Operation) -> String {
        let parameters = (0..).map_while(|number| self.at(&format!("{}/parameters/{number}", operation.pointer)));
        let mut query = String::new();
        for (_, parameter) in
            parameters.filter(|(_, parameter)| parameter["required"] == true && parameter["in"] == "query")
        {
            let Some(name) = parameter["name"].as_str() else { continue };
            let Some(example) = example_of(parameter) else { continue };
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(&format!("{name}={example}"));
        }
        query
    }

    /// The path of an operation, with the examples of its parameter and of what its query must have.
    ///
    /// # Panics
    /// When one of these has none.
    pub fn demo_path(&self, operation: &Operation) -> String {
        let mut path = operation.path.clone();
        let parameters = (0..).map_while(|number| self.at(&format!("{}/parameters/{number}", operation.pointer)));
        for (_, parameter) in
            parameters.filter(|(_, parameter)| parameter["required"] == true && parameter["in"] != "header")
        {
            let name = parameter["name"].as_str().unwrap_or_default();
            let example = example_of(parameter);
            let example = example.unwrap_or_else(|| panic!("{}: {name} has no example", operation.id));
            path = match parameter["in"].as_str() {
                Some("path") => path.replace("{id}", &example),
                _ => format!("{path}{}{name}={example}", if path.contains('?') { '&' } else { '?' }),
            };
        }
        path
    }

    /// The demo user whose call the example of an operation is.
    pub fn demo_user<'a>(&'a self, operation: &Operation) -> Option<&'a str> {
        self.part(operation)["x-demo-user"].as_str()
    }

    /// The example body of an operation; null where it takes none.
    pub fn example(&self, operation: &Operation) -> Value {
        let pointer = format!("{}/requestBody/content/application~1json/example", operation.pointer);
        self.at(&pointer).map_or(Value::Null, |(_, value)| value.clone())
    }

    /// Every example in the document, as (the schema it stands beside, the example).
    pub fn examples(&self) -> Vec<(String, Value)> {
        let mut examples = Vec::new();
        collect_examples(&self.root, String::new(), &mut examples);
        examples
    }

    /// The whole document.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// An operation's own part of the document.
    pub fn part(&self, operation: &Operation) -> &Value {
        // Its pointer comes from the document.
        self.root.pointer(&operation.pointer).unwrap_or(&Value::Null)
    }
}

/// The example of a parameter, as it stands in a path or a query.
fn example_of(parameter: &Value) -> Option<String> {
    match &parameter["example"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        example => Some(example.to_string()),
    }
}

/// `example` beside `schema`, and `examples` within a schema.
fn collect_examples(value: &Value, place: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            if let (Some(_), Some(example)) = (members.get("schema"), members.get("example")) {
                found.push((format!("{place}/schema"), example.clone()));
            }
            let is_schema =
                ["type", "$ref", "oneOf", "allOf", "const", "enum"].iter().any(|key| members.contains_key(*key));
            if let (true, Some(Value::Array(examples))) = (is_schema, members.get("examples")) {
                found.extend(examples.iter().map(|example| (place.clone(), example.clone())));
            }
            for (name, inner) in members {
                if name != "example" && name != "examples" {
                    collect_examples(inner, format!("{place}/{}", escape(name)), found);
                }
            }
        }
        Value::Array(values) => {
            for (number, inner) in values.iter().enumerate() {
                collect_examples(inner, format!("{place}/{number}"), found);
            }
        }
        _ => {}
    }
}

/// What of a body was accepted: of an array the items with a success of their own.
fn accepted(sent: &Value, answer: &Answer) -> Option<Value> {
    let (Value::Array(items), Some(results)) = (sent, answer.body["results"].as_array()) else {
        return Some(sent.clone());
    };
    let succeeded = items.iter().zip(results).filter(|(_, result)| result["success"] == true);
    let accepted: Vec<Value> = succeeded.map(|(item, _)| item.clone()).collect();
    (!accepted.is_empty()).then_some(Value::Array(accepted))
}

/// A body as the functions see it: texts are trimmed, null is left out, the caller's own id is taken away.
fn bare(body: &Value) -> Value {
    match body {
        Value::String(text) => json!(text.trim()),
        Value::Array(values) => values.iter().map(bare).collect(),
        Value::Object(members) => {
            let kept =
                members.iter().filter(|(name, value)| !value.is_null() && !AUTHOR_FIELDS.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), bare(value))).collect())
        }
        other => other.clone(),
    }
}

/// Where an object leads that is nothing but a reference.
fn referenced(value: &Value) -> Option<&str> {
    let members = value.as_object()?;
    let alone = members.keys().all(|name| matches!(name.as_str(), "$ref" | "description" | "summary"));
    members.get("$ref").filter(|_| alone)?.as_str()?.strip_prefix('#')
}

/// A segment of a JSON pointer.
fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn judged(method: Method, path: &str, status: u16, content_type: &str, body: Value) -> Result<Option<Seen>> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        for name in ["x-request-id", "retry-after", "www-authenticate"] {
            headers.insert(name, "1".parse().unwrap());
        }
        document().judge(&method, path, None, &Answer { status, headers, body })
    }

    #[test]
    fn what_the_document_says_passes_and_what_it_does_not_say_fails() {
        let health = json!({"status": "ok", "database": "ok", "version": "0.1.0"});
        let get = |path: &str, status, body| judged(Method::GET, path, status, "application/json", body);
        let seen = get("/api/health", 200, health.clone()).unwrap().unwrap();
        assert_eq!((seen.status.as_str(), seen.code.as_str()), ("200", "ok"));
        get("/api/health?verbose=1", 200, health.clone()).unwrap_err();
        get("/api/health", 202, health.clone()).unwrap_err();
        get("/api/no-such-path", 200, health.clone()).unwrap_err();
        judged(Method::PUT, "/api/health", 200, "application/json", health.clone()).unwrap_err();
        judged(Method::GET, "/api/health", 200, "text/plain", health.clone()).unwrap_err();
        for (member, value) in [("status", json!("good")), ("version", Value::Null), ("extra", json!(1))] {
            let mut wrong = health.clone();
            wrong[member] = value;
            get("/api/health", 200, wrong).unwrap_err();
        }
    }

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        let matching = |path: &str| document().matching(path).map(|(template, _)| template.to_owned());
        assert_eq!(matching("/functions/v1/send-dm").as_deref(), Some("/functions/v1/send-dm"));
        let alias = "/api/messaging/help-requests/{id}/start-conversation";
        assert_eq!(matching(&alias.replace("{id}", "any")).as_deref(), Some(alias));
        for path in ["/", "/functions/v1/send-dm/", "/functions/v1/send-dm/x", &alias.replace("{id}", "")] {
            assert_eq!(matching(path), None, "{path}");
        }
    }

    #[test]
    fn a_code_that_was_not_seen_is_missing() {
        let documented = document().documented();
        let mut seen = documented.clone();
        let default = seen.iter().filter(|answer| answer.status == "default").cloned().collect::<Vec<_>>();
        assert!(!default.is_empty());
        for answer in default {
            seen.insert(Seen { method: "GET".into(), path: "/api/health".into(), ..answer });
        }
        assert_eq!(document().missing(&seen), []);
        let one = documented.iter().find(|answer| answer.code == "ok").unwrap();
        seen.remove(one);
        assert_eq!(document().missing(&seen), std::slice::from_ref(one));
    }
}
