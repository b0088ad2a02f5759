//! zlib's compressed form (RFC 1950, 1951), read up to a bound. Frameworks compress what they sign
//! into a session's cookie; a gate reads a few kilobytes of it, and only behind a good signature.

#[cfg(feature = "compressed")]
use miniz_oxide::inflate::{TINFLStatus, core as inflate};

/// What a stream comes to. None: it is none, not whole, more than `most` bytes, or something stands
/// behind it.
#[cfg(feature = "compressed")]
pub(crate) fn zlib(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    use inflate::inflate_flags::{
        TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
    };
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut reader = Box::<inflate::DecompressorOxide>::default();
    let mut out = vec![0; most];
    let (status, read, written) = inflate::decompress(&mut reader, bytes, &mut out, 0, flags);
    out.truncate(written);
    (status == TINFLStatus::Done && read == bytes.len()).then_some(out)
}

/// Nothing compressed is read.
#[cfg(not(feature = "compressed"))]
pub(crate) fn zlib(_: &[u8], _: usize) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "compressed")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{from_base64url, sha256};
    use std::fmt::Write;

    /// What Python's zlib makes of some texts: the stream, the length of the text, and how its
    /// SHA-256 begins.
    const STREAMS: [(&str, usize, &str); 5] = [
        ("eNoDAAAAAAE", 0, "e3b0c442"),
        // A fixed code, and no code at all.
        ("eNpLTMQEChmpOTn5EBIAxagL_Q", 32, "50b57b87"),
        ("eAEBEgDt_2FzIGl0IGlzLCBhcyBpdCBpczfKBec", 18, "381c7454"),
        // Codes of their own, without what stood before and with it.
        (
            concat!(
                "eAEFwdkNxDAIBcBWXgkG3-VggqX8xBJ4-9-ZsIj3fHngF-aTkYhzqa2PKUsf240QFvGejwi_MGck4lxq",
                "62PK0sd2T1DxOzt-Yc4DKn5zRVjEez7KUPHLHb8wHwwVv7kgLOI9HxNU_OYOFb9EUPE7KhJxLrX1MWXp",
                "Y7sVhEW852NGWMR7vpag4pcIKn4TVPz2DBW_syMs4j1fZSTiXGrrY8rSx3ZvUPFbKxJxLrX1MWXpY5sT",
                "wiLe8-UJFb8VvzCvSMS51NbHlKWP7ZGg4rc1JOJcautjytLH9phQ8UsDYRHv-QYScS619TFl6WObKxJx",
                "LrX1MWXpYztXhEX8AaQdeUU",
            ),
            400,
            "3bf08221",
        ),
        (
            concat!(
                "GNNtj9ENwyAMRFdhBGxjY8ZJUyr1p5VCu38lOySR3C847p19jD7G8_0iTd_Rt4YpA1JhqdqW23rvD4E0",
                "nAEwJiI1p3XZPq26r6aIjxzZA7qt6HaZNoI_VDvAlXIsciZw3iRfQy4qzTY7xH8aizEct2CeMWrOWOsI",
                "qm8TiY4HQeckjVviPOKJl2g2tpEKBwNW6_jjmQZHEb297vUt3kzQDzI-mZI",
            ),
            500,
            "1f2990912b37d90b",
        ),
    ];

    fn begins(bytes: &[u8], digits: &str) -> bool {
        let mut text = String::new();
        for byte in sha256(bytes) {
            write!(text, "{byte:02x}").expect("a text");
        }
        text.starts_with(digits)
    }

    #[test]
    fn what_zlib_writes_is_read_to_its_bound() {
        for (stream, length, digest) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            let out = zlib(&stream, length).expect("a stream");
            assert!(out.len() == length && begins(&out, digest), "{length}");
            if let Some(less) = length.checked_sub(1) {
                assert_eq!(zlib(&stream, less), None, "{length}");
            }
        }
    }

    #[test]
    fn a_stream_that_is_not_whole_is_none() {
        for (stream, length, _) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            for end in 0..stream.len() {
                assert_eq!(zlib(&stream[..end], 1_000), None, "{length} to {end}");
            }
            assert_eq!(zlib(&[&stream[..], b"0"].concat(), 1_000), None, "{length}");
        }
    }

    #[test]
    fn a_stream_with_another_bit_comes_to_nothing_else() {
        for (stream, length, digest) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            for bit in 0..8 * stream.len() {
                let mut other = stream.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                // Some bits say nothing: how much room a reader needs, what fills the last byte.
                let is_same = |out: Vec<u8>| out.len() == length && begins(&out, digest);
                assert!(zlib(&other, 1_000).is_none_or(is_same), "{length} at {bit}");
            }
        }
    }
}
