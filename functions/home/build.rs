//! Packs what the page is made of: each file compressed, under a name that changes with its content.
//!
//! Swagger UI comes compressed in its release, which a crate has in it: its bytes are taken over as they are.

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use hmac_sha256::Hash;
use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// Files of ours that the page loads, with their media types.
const OWN: [(&str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8"),
    ("page.js", "text/javascript; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
];

/// Files of Swagger UI that the page loads, with their media types.
const EXPLORER: [(&str, &str); 2] =
    [("swagger-ui-bundle.js", "text/javascript; charset=utf-8"), ("swagger-ui.css", "text/css; charset=utf-8")];

/// The documents that have paths of their own: the path, the file, the media type.
const DOCUMENTS: [(&str, &str, &str); 2] = [
    ("/openapi.yaml", "../../docs/openapi.yaml", "application/yaml"),
    ("/openapi.json", "assets/openapi.generated.json", "application/json"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut list = String::from("&[\n");
    let page_file = source("assets/page.html");
    let mut page = fs::read_to_string(&page_file)?.replace("{{version}}", &env::var("CARGO_PKG_VERSION")?);

    for (name, media_type) in OWN {
        let packed = gzip(&fs::read(source(&format!("assets/{name}")))?)?;
        let path = pack(&out, &mut list, Named::ByContent(name), media_type, &packed)?;
        page = page.replace(&format!("{{{{asset:{name}}}}}"), &path);
    }
    for (name, media_type) in EXPLORER {
        let (packed, version) = of_release(name)?;
        let path = pack(&out, &mut list, Named::ByContent(name), media_type, &packed)?;
        page = page.replace(&format!("{{{{asset:{name}}}}}"), &path).replace("{{explorer}}", &version);
    }
    for (path, file, media_type) in DOCUMENTS {
        let packed = gzip(&fs::read(source(file))?)?;
        pack(&out, &mut list, Named::Fixed(path), media_type, &packed)?;
    }
    list.push(']');
    fs::write(out.join("assets.rs"), list)?;
    fs::write(out.join("page.html"), page)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// A file of this crate; it is packed anew when it changes.
fn source(file: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    println!("cargo::rerun-if-changed={}", path.display());
    path
}

/// Where a file is served.
enum Named<'a> {
    /// Under `/home/`, with a part of its hash in its name: it may be kept for ever.
    ByContent(&'a str),
    /// At this path, whatever it says.
    Fixed(&'a str),
}

/// Writes a compressed file and its entry in the list; the path it is served at.
fn pack(
    out: &Path,
    list: &mut String,
    named: Named<'_>,
    media_type: &str,
    packed: &[u8],
) -> Result<String, Box<dyn Error>> {
    let mut hash = String::new();
    for byte in &Hash::hash(packed)[..8] {
        write!(hash, "{byte:02x}")?;
    }
    let (path, lasting) = match named {
        Named::ByContent(name) => {
            let (stem, extension) = name.rsplit_once('.').ok_or("a name without an extension")?;
            (format!("/home/{stem}.{hash}.{extension}"), true)
        }
        Named::Fixed(path) => (path.to_owned(), false),
    };
    let file = out.join(format!("{hash}.gz"));
    fs::write(&file, packed)?;
    writeln!(
        list,
        "    Asset {{ path: {path:?}, media_type: {media_type:?}, hash: {hash:?}, lasting: {lasting}, gzip: \
         include_bytes!({:?}) }},",
        file.display().to_string()
    )?;
    Ok(path)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A file of the release as gzip, and the release's version. Zip and gzip hold the same deflated bytes.
fn of_release(name: &str) -> Result<(Vec<u8>, String), Box<dyn Error>> {
    let Entry { folder, checksum, length, deflated } =
        find(SWAGGER_UI_VENDORED, &format!("dist/{name}")).ok_or_else(|| format!("the release has no {name}"))?;
    let version = folder.strip_prefix("swagger-ui-").ok_or("the release has another folder")?.to_owned();
    // RFC 1952: no name, no time, an unknown system; behind the data its checksum and length.
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    packed.extend(deflated);
    packed.extend(checksum.to_le_bytes());
    packed.extend(length.to_le_bytes());
    let mut plain = Vec::new();
    GzDecoder::new(&*packed).read_to_end(&mut plain)?;
    Ok((packed, version))
}

/// A deflated file of a zip.
struct Entry<'a> {
    folder: &'a str,
    checksum: u32,
    length: u32,
    deflated: &'a [u8],
}

/// The file at a path below the one folder of a zip (PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16).
fn find<'a>(zip: &'a [u8], wanted: &str) -> Option<Entry<'a>> {
    let short = |at: usize| Some(usize::from(u16::from_le_bytes(zip.get(at..at + 2)?.try_into().ok()?)));
    let long = |at: usize| Some(u32::from_le_bytes(zip.get(at..at + 4)?.try_into().ok()?));
    let end = zip.windows(4).rposition(|bytes| bytes == b"PK\x05\x06")?;
    let (count, mut at) = (short(end + 10)?, long(end + 16)? as usize);
    for _ in 0..count {
        let name_length = short(at + 28)?;
        let name = std::str::from_utf8(zip.get(at + 46..at + 46 + name_length)?).ok()?;
        if let Some((folder, _)) = name.split_once('/').filter(|(_, path)| *path == wanted) {
            let (method, checksum, packed, length) =
                (short(at + 10)?, long(at + 16)?, long(at + 20)? as usize, long(at + 24)?);
            let local = long(at + 42)? as usize;
            let start = local + 30 + short(local + 26)? + short(local + 28)?;
            let deflated = zip.get(start..start + packed).filter(|_| method == 8)?;
            return Some(Entry { folder, checksum, length, deflated });
        }
        at += 46 + name_length + short(at + 30)? + short(at + 32)?;
    }
    None
}
