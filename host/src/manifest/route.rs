//! Which component a path belongs to, as Spin decides it.
//!
//! A route is a list of segments: literal (`/api`), a parameter (`/:id`), and at the end possibly the wildcard `/...`, which
//! also matches nothing. Of several routes that match, the more specific wins: segment by segment from the left a literal
//! beats a parameter and a parameter beats the wildcard. A slash at the end of the path makes no difference, and segments
//! are compared and handed on undecoded.

use std::fmt;

/// Why a text is not a route.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RouteError {
    /// A route is an absolute path.
    #[error("a route must begin with /")]
    NotAbsolute,
    /// `...` stands somewhere else than at the end.
    #[error("`...` may only be the last segment")]
    WildcardNotLast,
    /// `:` without a name, or with one that cannot stand in a header.
    #[error("a parameter needs a name of letters, digits, _ and -, and {0:?} has none")]
    ParameterName(String),
    /// There is an empty segment.
    #[error("there is an empty segment")]
    EmptySegment,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Wildcard,
}

/// A route of the manifest.
#[derive(Clone, Debug)]
pub struct Route {
    text: String,
    segments: Vec<Segment>,
}

/// What a path holds where its route has parameters and the wildcard.
#[derive(Debug, PartialEq)]
pub struct Captures<'a> {
    /// The name and value of each parameter.
    pub parameters: Vec<(&'a str, &'a str)>,
    /// What the wildcard matched, with the slash before it; empty without a wildcard.
    pub rest: &'a str,
}

impl Route {
    /// Reads a route as it stands in a manifest.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Route, RouteError> {
        let path = text.strip_prefix('/').ok_or(RouteError::NotAbsolute)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = Vec::new();
        for part in path.split('/').filter(|_| !path.is_empty()) {
            if segments.last() == Some(&Segment::Wildcard) {
                return Err(RouteError::WildcardNotLast);
            }
            segments.push(match (part, part.strip_prefix(':')) {
                ("", _) => return Err(RouteError::EmptySegment),
                ("...", _) => Segment::Wildcard,
                (_, Some(name)) => Segment::Parameter(parameter_name(name)?),
                (literal, None) => Segment::Literal(literal.to_owned()),
            });
        }
        Ok(Route { text: text.to_owned(), segments })
    }

    /// The route as it stands in the manifest.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The route without the wildcard at its end.
    pub fn prefix(&self) -> &str {
        self.text.strip_suffix("/...").unwrap_or(&self.text)
    }

    /// Whether both routes match the same paths, whatever their parameters are called.
    pub fn matches_the_same_as(&self, other: &Route) -> bool {
        let shape = |route: &Route| -> Vec<Segment> {
            let unnamed = |segment: &Segment| match segment {
                Segment::Parameter(_) => Segment::Parameter(String::new()),
                other => other.clone(),
            };
            route.segments.iter().map(unnamed).collect()
        };
        shape(self) == shape(other)
    }

    /// Matches a path without its query.
    pub fn captures<'a>(&'a self, path: &'a str) -> Option<Captures<'a>> {
        let mut rest = path.strip_prefix('/')?;
        let mut parameters = Vec::new();
        for segment in &self.segments {
            let (part, after) = rest.split_once('/').unwrap_or((rest, ""));
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Parameter(name) if !part.is_empty() => parameters.push((name.as_str(), part)),
                // What is left, with the slash that stands before it; `/x/...` matches `/x` with nothing left at all.
                Segment::Wildcard => return Some(Captures { parameters, rest: with_slash_before(path, rest) }),
                _ => return None,
            }
            rest = after;
        }
        rest.is_empty().then_some(Captures { parameters, rest: "" })
    }

    /// Orders routes that match the same path: the more specific first.
    fn specificity(&self) -> impl Iterator<Item = u8> {
        self.segments.iter().map(|segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter(_) => 1,
            Segment::Wildcard => 2,
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parameter_name(name: &str) -> Result<String, RouteError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(RouteError::ParameterName(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// `rest`, which ends `path`, extended by the slash that stands before it, if one does.
fn with_slash_before<'a>(path: &'a str, rest: &str) -> &'a str {
    let start = path.len() - rest.len();
    if rest.is_empty() && !path.ends_with('/') {
        return "";
    }
    // The byte before `rest` is the slash it was split at, so that this is the boundary of a character.
    &path[start.saturating_sub(1)..]
}

/// All routes of an application.
#[derive(Debug)]
pub struct Router<T> {
    /// The most specific first.
    routes: Vec<(Route, T)>,
}

impl<T> Router<T> {
    /// A router over these routes, no two of which match the same paths.
    pub fn new(mut routes: Vec<(Route, T)>) -> Router<T> {
        routes.sort_by(|(a, _), (b, _)| a.specificity().cmp(b.specificity()));
        Router { routes }
    }

    /// The most specific route that matches the path, what belongs to it, and what the path holds.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<(&'a Route, &'a T, Captures<'a>)> {
        self.routes.iter().find_map(|(route, target)| Some((route, target, route.captures(path)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router<String> {
        let parse = |route: &&str| (Route::parse(route).unwrap(), route.to_string());
        Router::new(routes.iter().map(parse).collect())
    }

    #[test]
    fn the_most_specific_route_wins_in_whatever_order_they_stand() {
        let mut routes =
            ["/...", "/", "/a", "/a/...", "/a/b", "/a/:x", "/a/:x/c", "/a/b/...", "/:x", "/:x/b", "/a/:x/..."];
        let table = [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/z", "/:x"),
            ("/z/b", "/:x/b"),
            ("/a/b", "/a/b"),
            ("/a/z", "/a/:x"),
            ("/a/z/", "/a/:x"),
            ("/a/z/c", "/a/:x/c"),
            ("/a/b/c", "/a/b/..."),
            ("/a/z/z", "/a/:x/..."),
            ("/a//z", "/a/..."),
            ("/z/z", "/..."),
        ];
        for _ in 0..routes.len() {
            routes.rotate_left(1);
            let router = router(&routes);
            for (path, expected) in table {
                assert_eq!(router.find(path).map(|(_, target, _)| target.as_str()), Some(expected), "{path}");
            }
        }
    }

    #[test]
    fn an_unmatched_path_has_no_route() {
        let router = router(&["/a", "/b/:id", "/c/..."]);
        for path in ["/", "", "a", "/A", "/a/b", "/b", "/b/", "/b/1/2", "/cc", "*"] {
            assert!(router.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn captures_are_undecoded() {
        let router = router(&["/x/:id/y/:other", "/w/..."]);
        let (route, _, captures) = router.find("/x/a%2Fb/y/%C3%A9").unwrap();
        assert_eq!(captures.parameters, [("id", "a%2Fb"), ("other", "%C3%A9")]);
        assert_eq!((route.prefix(), captures.rest), ("/x/:id/y/:other", ""));

        for (path, rest) in [("/w", ""), ("/w/", "/"), ("/w/a", "/a"), ("/w/a/b/", "/a/b/"), ("/w//a", "//a")] {
            let (route, _, captures) = router.find(path).unwrap();
            assert_eq!((route.prefix(), captures.rest), ("/w", rest), "{path}");
        }
    }

    #[test]
    fn a_wildcard_alone_takes_everything() {
        let router = router(&["/..."]);
        for path in ["/", "/a", "/a/b/", "/é"] {
            assert_eq!(router.find(path).unwrap().2.rest, path);
        }
    }

    #[test]
    fn wrong_routes_are_refused() {
        assert_eq!(Route::parse("a").unwrap_err(), RouteError::NotAbsolute);
        assert_eq!(Route::parse("/.../a").unwrap_err(), RouteError::WildcardNotLast);
        assert_eq!(Route::parse("/a//b").unwrap_err(), RouteError::EmptySegment);
        assert_eq!(Route::parse("/:").unwrap_err(), RouteError::ParameterName(String::new()));
        assert_eq!(Route::parse("/:a b").unwrap_err(), RouteError::ParameterName("a b".into()));
    }

    #[test]
    fn parameters_are_alike_whatever_their_names() {
        let route = |text| Route::parse(text).unwrap();
        assert!(route("/a/:x").matches_the_same_as(&route("/a/:y/")));
        assert!(!route("/a/:x").matches_the_same_as(&route("/a/x")));
    }
}
