//! Finds the end of a chunked body (RFC 9112 section 7.1), strictly.
//!
//! hyper decodes the chunks; this only says where they end, and stops at whatever two servers could read differently. All
//! that passes here ends for hyper at the same byte.

/// The longest line of a chunk's size with its extensions, in bytes. Nobody needs extensions.
const MAX_SIZE_LINE_BYTES: usize = 256;

/// All trailers together, in bytes. Nobody reads them.
const MAX_TRAILER_BYTES: usize = 4096;

/// The place in a chunked body.
#[derive(Debug, Default)]
pub struct Chunks {
    at: At,
    /// The size of the chunk, or what is left of it.
    size: u64,
    /// The length so far of the size line, or of all trailers.
    length: usize,
}

#[derive(Debug, Default, PartialEq)]
enum At {
    #[default]
    SizeStart,
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    LineStart,
    Trailer,
    TrailerLf,
    LastLf,
}

/// The chunks are malformed, or waste our time.
#[derive(Debug, PartialEq, Eq)]
pub struct BadChunks;

impl Chunks {
    /// Follows the body through `bytes`; gives how many of them belong to it, and whether it ends with them.
    ///
    /// # Errors
    /// The bytes are not chunks.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<(usize, bool), BadChunks> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.at == At::Data {
                let left = bytes.len() - at;
                let part = usize::try_from(self.size).map_or(left, |size| size.min(left));
                self.size -= part as u64;
                at += part;
                if self.size == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            at += 1;
            if self.at == At::LastLf {
                return if byte == b'\n' { Ok((at, true)) } else { Err(BadChunks) };
            }
            self.step(byte)?;
        }
        Ok((at, false))
    }

    fn step(&mut self, byte: u8) -> Result<(), BadChunks> {
        self.at = match (&self.at, byte) {
            (At::SizeStart, _) => {
                (self.size, self.length) = (hexadecimal(byte).ok_or(BadChunks)?, 1);
                At::Size
            }
            (At::Size, b'\r') | (At::Extension, b'\r') => At::SizeLf,
            (At::Size, b';') => At::Extension,
            (At::Size, _) => {
                // Sixteen digits would not fit with another.
                let digit = hexadecimal(byte).filter(|_| self.size >> 56 == 0).ok_or(BadChunks)?;
                self.size = self.size << 4 | digit;
                self.lengthen(MAX_SIZE_LINE_BYTES)?;
                At::Size
            }
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                self.lengthen(MAX_SIZE_LINE_BYTES)?;
                At::Extension
            }
            (At::SizeLf, b'\n') if self.size == 0 => {
                self.length = 0;
                At::LineStart
            }
            (At::SizeLf, b'\n') => At::Data,
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::SizeStart,
            (At::LineStart, b'\r') => At::LastLf,
            // A line that begins with white space continues the one before it, or does not.
            (At::LineStart, b'!'..=b'~') | (At::Trailer, b'\t' | b' '..=b'~' | 0x80..) => {
                self.lengthen(MAX_TRAILER_BYTES)?;
                At::Trailer
            }
            (At::Trailer, b'\r') => At::TrailerLf,
            (At::TrailerLf, b'\n') => At::LineStart,
            _ => return Err(BadChunks),
        };
        Ok(())
    }

    fn lengthen(&mut self, max: usize) -> Result<(), BadChunks> {
        self.length += 1;
        if self.length > max { Err(BadChunks) } else { Ok(()) }
    }
}

fn hexadecimal(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the body ends, if all goes well, whatever the pieces in which it arrives.
    fn end(bytes: &str) -> Result<Option<usize>, BadChunks> {
        let mut results = Vec::new();
        for piece in [1, 2, 3, 7, bytes.len()] {
            let (mut chunks, mut total) = (Chunks::default(), 0);
            let mut result = Ok(None);
            for piece in bytes.as_bytes().chunks(piece) {
                match chunks.follow(piece) {
                    Ok((length, is_end)) => {
                        total += length;
                        if is_end {
                            result = Ok(Some(total));
                            break;
                        }
                    }
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            results.push(result);
        }
        assert!(results.iter().all(|result| *result == results[0]), "{bytes:?}: {results:?}");
        results.remove(0)
    }

    #[test]
    fn the_end_is_found_and_what_follows_is_left() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "A\r\n0123456789\r\n00\r\n\r\n",
            "3;name=value;other=\"x\"\r\na\r\n\r\n0\r\n\r\n",
            "1\r\nx\r\n0\r\ntrailer: value\r\nother: \u{fc}\r\n\r\n",
        ] {
            assert_eq!(end(body), Ok(Some(body.len())), "{body:?}");
            assert_eq!(end(&format!("{body}GET / HTTP/1.1\r\n")), Ok(Some(body.len())), "{body:?}");
            assert_eq!(end(&body[..body.len() - 1]), Ok(None), "{body:?}");
        }
    }

    #[test]
    fn whatever_can_be_read_in_two_ways_is_refused() {
        for body in [
            "x\r\n",
            "\r\n",
            " 3\r\nabc\r\n",
            "3 \r\nabc\r\n",
            "3\nabc\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n",
            "3;a\nb\r\nabc\r\n",
            "3;\r\rabc",
            "0x3\r\nabc\r\n",
            "-1\r\n",
            "+3\r\nabc\r\n",
            "fffffffffffffffff\r\n",
            "0\r\n trailer: folded\r\n\r\n",
            "0\r\ntrailer: x\n\r\n",
            "0\r\n\n",
            "0\n\n",
            "0\r\ntrailer: \0\r\n\r\n",
        ] {
            assert_eq!(end(body), Err(BadChunks), "{body:?}");
        }
    }

    #[test]
    fn what_nobody_reads_is_short() {
        let extended = |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length));
        assert!(end(&extended(MAX_SIZE_LINE_BYTES - 1)).is_ok());
        assert_eq!(end(&extended(MAX_SIZE_LINE_BYTES)), Err(BadChunks));
        let padded = |length: usize| format!("{}1\r\nx\r\n0\r\n\r\n", "0".repeat(length));
        assert!(end(&padded(MAX_SIZE_LINE_BYTES - 1)).is_ok());
        assert_eq!(end(&padded(MAX_SIZE_LINE_BYTES)), Err(BadChunks));
        let trailed = |length: usize| format!("0\r\n{}\r\n\r\n", "t".repeat(length));
        assert!(end(&trailed(MAX_TRAILER_BYTES)).is_ok());
        assert_eq!(end(&trailed(MAX_TRAILER_BYTES + 1)), Err(BadChunks));
    }
}
