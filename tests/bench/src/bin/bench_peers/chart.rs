//! A bar chart as an SVG that can be read on a light page and on a dark one, because it brings its own background.

use std::fmt::Write;

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// How it was measured, in small letters below.
    pub note: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// A bar with its name and what is written at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Who it is.
    pub name: String,
    /// What stands beside the bar.
    pub text: String,
    /// How long it is, compared with the others.
    pub value: f64,
    /// How it is coloured.
    pub kind: Kind,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours.
    Own,
    /// Ours in another way.
    Variant,
    /// Others.
    Peer,
    /// What all are compared with.
    Reference,
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Kind::Own => "own",
            Kind::Variant => "variant",
            Kind::Peer => "peer",
            Kind::Reference => "reference",
        }
    }
}

const WIDTH: u32 = 760;
/// Where the bars begin, and how long the longest is: names to the left, figures to the right.
const LEFT: u32 = 208;
const LONGEST: f64 = 330.0;
const TOP: u32 = 56;
const ROW: u32 = 32;
const THICKNESS: u32 = 20;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.title{font-size:15px;font-weight:600}.note{font-size:11px;fill:#59636e}\
.page{fill:#fff;stroke:#d1d9e0}.own{fill:#1a7f5a}.variant{fill:#7bbfa5}.peer{fill:#8c959f}.reference{fill:#c8d1da}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}\
.page{fill:#0d1117;stroke:#3d444d}.own{fill:#2ea37a}.variant{fill:#2b6350}.peer{fill:#6e7681}.reference{fill:#3d444d}}";

/// The chart as a file.
pub fn svg(chart: &Chart) -> String {
    let height = TOP + ROW * chart.bars.len() as u32 + 34;
    let longest = chart.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let spoken: Vec<_> = chart.bars.iter().map(|bar| format!("{} {}", bar.name, bar.text)).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{title}</title>\n<desc>{}</desc>\n\
         <style>{STYLE}</style>\n<rect class=\"page\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"20\" y=\"32\">{title}</text>\n",
        escape(&spoken.join("; ")),
        WIDTH - 1,
        height - 1,
        title = escape(&chart.title),
    );
    for (place, bar) in (0..).zip(&chart.bars) {
        let top = TOP + ROW * place;
        let base = top + 15;
        let length = if longest > 0.0 { (bar.value / longest * LONGEST).round().max(1.0) } else { 1.0 };
        // Writing to a String does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{}\" x=\"{LEFT}\" y=\"{top}\" width=\"{length}\" height=\"{THICKNESS}\" rx=\"3\"/>\
             <text x=\"{}\" y=\"{base}\">{}</text>",
            LEFT - 10,
            escape(&bar.name),
            bar.kind.class(),
            f64::from(LEFT) + length + 8.0,
            escape(&bar.text),
        );
    }
    let _ = writeln!(svg, "<text class=\"note\" x=\"20\" y=\"{}\">{}</text>\n</svg>", height - 14, escape(&chart.note));
    svg
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(name: &str, value: f64, kind: Kind) -> Bar {
        Bar { name: name.to_owned(), text: format!("{value}/s"), value, kind }
    }

    fn chart(bars: Vec<Bar>) -> Chart {
        Chart { title: "Requests & more".to_owned(), note: "two <cores>".to_owned(), bars }
    }

    /// The values of an attribute of the bars.
    fn of_bars<'a>(svg: &'a str, attribute: &str) -> Vec<&'a str> {
        let mark = format!(" {attribute}=\"");
        // The first is the page.
        svg.split("<rect ").skip(2).map(|rect| rect.split(&mark).nth(1).unwrap().split('"').next().unwrap()).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bars = vec![bar("a", 4000.0, Kind::Own), bar("b", 1000.0, Kind::Peer), bar("c", 3.0, Kind::Reference)];
        let svg = svg(&chart(bars));
        assert_eq!(of_bars(&svg, "width"), ["330", "83", "1"]);
        assert_eq!(of_bars(&svg, "y"), ["56", "88", "120"]);
        for class in ["own", "peer", "reference"] {
            assert_eq!(svg.matches(&format!("class=\"{class}\"")).count(), 1, "{class}");
        }
    }

    #[test]
    fn everything_is_written_out_and_escaped() {
        let svg = svg(&chart(vec![bar("a<b", 4.0, Kind::Own)]));
        for text in ["<title>Requests &amp; more</title>", ">a&lt;b</text>", ">4/s</text>", ">two &lt;cores&gt;</text>"]
        {
            assert!(svg.contains(text), "{text} is not in {svg}");
        }
        assert!(svg.contains("prefers-color-scheme:dark"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn nothing_is_a_chart_too() {
        assert!(svg(&chart(vec![])).contains("height=\"90\""));
        assert_eq!(of_bars(&svg(&chart(vec![bar("a", 0.0, Kind::Own)])), "width"), ["1"]);
    }
}
