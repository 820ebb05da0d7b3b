//! libpq's two forms of an address, as pairs of a parameter and its value in the order of the text.

/// A parameter and its value.
pub type Pair = (String, String);

/// The pairs of an address in either form, or the sentence about its first fault. No sentence repeats the text, which
/// holds a password.
pub fn pairs(text: &str) -> Result<Vec<Pair>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty: write postgres://user:password@host:port/database".to_owned());
    }
    match ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) => of_url(rest),
        None if text.contains("://") => {
            Err("its scheme is not PostgreSQL's: write postgres://user:password@host:port/database".to_owned())
        }
        None => of_list(text),
    }
}

/// Reads what follows the scheme of a URL.
fn of_url(rest: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    let rest = match credentials(rest) {
        None => rest,
        Some((login, rest)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            push(&mut pairs, "user", user)?;
            if let Some(password) = password {
                push(&mut pairs, "password", password)?;
            }
            rest
        }
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (server, database) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = match server.strip_prefix('[').map(|inner| inner.split_once(']')) {
        Some(Some((host, after))) => (host, after.strip_prefix(':').unwrap_or(after)),
        Some(None) => return Err("an IPv6 address ends with ]".to_owned()),
        None => server.split_once(':').unwrap_or((server, "")),
    };
    // A list of hosts has its ports between the hosts; it is refused where hosts are read.
    let (host, port) = if server.contains(',') { (server, "") } else { (host, port) };
    for (name, value) in [("host", host), ("port", port), ("dbname", database)] {
        if !value.is_empty() {
            push(&mut pairs, name, value)?;
        }
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) =
            pair.split_once('=').ok_or("after the ? stand pairs name=value with & between them".to_owned())?;
        push(&mut pairs, &decoded(name)?, value)?;
    }
    Ok(pairs)
}

/// The login before the last `@` of the server's part: a host has none, so that the password may.
fn credentials(rest: &str) -> Option<(&str, &str)> {
    let first = rest.find('@')?;
    if rest[..first].contains('/') {
        return None;
    }
    let end = rest[first..].find(['/', '?']).map_or(rest.len(), |end| first + end);
    let last = rest[..end].rfind('@')?;
    Some((&rest[..last], &rest[last + 1..]))
}

fn push(pairs: &mut Vec<Pair>, name: &str, value: &str) -> Result<(), String> {
    pairs.push((name.to_owned(), decoded(value)?));
    Ok(())
}

/// Text of a URL with its percent-escapes resolved.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || "a % in it does not begin an escape: write %25 for the character itself".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = tail;
            continue;
        }
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(wrong)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = &tail[2..];
    }
    if bytes.contains(&0) {
        return Err("it holds the character NUL, which PostgreSQL does not take".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "its escapes are not UTF-8".to_owned())
}

/// Text as it stands in a part of a URL: all but letters, digits and `-._~` is escaped.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Reads `name=value` pairs between spaces; a value with spaces stands in single quotes, and `\` escapes.
fn of_list(text: &str) -> Result<Vec<Pair>, String> {
    let neither = || "it is neither postgres://user:password@host:port/database nor a list of name=value".to_owned();
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(neither)?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(neither());
        }
        let (value, after) = list_value(after.trim_start())?;
        pairs.push((name.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// The value that a list goes on with, and what follows it.
fn list_value(text: &str) -> Result<(String, &str), String> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            _ if !quoted && character.is_whitespace() => return Ok((value, &body[at..])),
            _ => value.push(character),
        }
    }
    if quoted { Err("a ' in it is not closed".to_owned()) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).unwrap()
    }

    fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_url_is_read_in_all_its_parts() {
        assert_eq!(
            read("postgres://u%20x:p%40%2Fss@db.example:6543/app?sslmode=require&options=-c%20a%3Db"),
            expected(&[
                ("user", "u x"),
                ("password", "p@/ss"),
                ("host", "db.example"),
                ("port", "6543"),
                ("dbname", "app"),
                ("sslmode", "require"),
                ("options", "-c a=b")
            ])
        );
        assert_eq!(read("postgresql://[::1]:5/d"), expected(&[("host", "::1"), ("port", "5"), ("dbname", "d")]));
        assert_eq!(read("postgres://[::1]"), expected(&[("host", "::1")]));
        assert_eq!(read("postgres:///d?host=%2Frun"), expected(&[("dbname", "d"), ("host", "/run")]));
        assert_eq!(read("postgres://h?user=a"), expected(&[("host", "h"), ("user", "a")]));
        assert_eq!(read("postgres://u@h"), expected(&[("user", "u"), ("host", "h")]));
        assert_eq!(read("postgres://a,b:1/d"), expected(&[("host", "a,b:1"), ("dbname", "d")]));
    }

    #[test]
    fn a_password_may_hold_what_a_host_cannot() {
        assert_eq!(
            read("postgres://a:b?c:#@d@db/app?application_name=x@y"),
            expected(&[
                ("user", "a"),
                ("password", "b?c:#@d"),
                ("host", "db"),
                ("dbname", "app"),
                ("application_name", "x@y")
            ])
        );
        assert_eq!(
            read("postgres://u@h?application_name=x@y"),
            expected(&[("user", "u"), ("host", "h"), ("application_name", "x@y")])
        );
    }

    #[test]
    fn a_list_has_quotes_and_escapes() {
        assert_eq!(
            read("  host = db  user='a b' password='it\\'s \\\\' dbname=\\'x  "),
            expected(&[("host", "db"), ("user", "a b"), ("password", "it's \\"), ("dbname", "'x")])
        );
        assert_eq!(read("user='' host=h"), expected(&[("user", ""), ("host", "h")]));
    }

    #[test]
    fn what_is_no_address_is_said_without_its_text() {
        for (text, says) in [
            ("", "empty"),
            ("mysql://u:hunter2@h/d", "scheme"),
            ("hunter2", "neither"),
            ("a hunter2=b", "neither"),
            ("password='hunter2", "not closed"),
            ("postgres://u:hunter2%zz@h/d", "%25"),
            ("postgres://u:hunter2%@h/d", "%25"),
            ("postgres://u:hunter2%+1@h/d", "%25"),
            ("postgres://u:hunter2%00@h/d", "NUL"),
            ("postgres://u:hunter2%ff@h/d", "UTF-8"),
            ("postgres://u:hunter2@[::1/d", "ends with ]"),
            ("postgres://u:hunter2@h/d?verify", "name=value"),
        ] {
            let error = pairs(text).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_into_a_url_is_read_back() {
        let text = "é p@:/?#[]&=%+ \\'\n";
        assert_eq!(read(&format!("postgres://{0}:{0}@h/d", encoded(text)))[1].1, text);
    }
}
