//! `Range` of a request (RFC 9110, 14.2), as players use it: one range of bytes.

/// What to send of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Whole,
    /// This many bytes from the first.
    Bytes {
        /// First byte, from zero.
        first: u64,
        /// How many; never zero.
        length: u64,
    },
    /// Nothing of what was asked for exists.
    Nothing,
}

/// What a `Range` header asks of a file of `size` bytes. What is malformed, in another unit or more than one range
/// is passed over, as the RFC allows.
pub fn wanted_part(header: Option<&str>, size: u64) -> Part {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Part::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Part::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a u64 has: as far away as possible.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, end) = match (number(first), number(last)) {
        // The last so many bytes.
        (None, Some(length)) if first.is_empty() => (size.saturating_sub(length), size),
        (Some(first), None) if last.is_empty() => (first, size),
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        _ => return Part::Whole,
    };
    if first >= end {
        return Part::Nothing;
    }
    Part::Bytes {
        first,
        length: end - first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_cut_to_the_file_and_everything_else_is_passed_over() {
        let part = |first, length| Part::Bytes { first, length };
        for (header, expected) in [
            ("bytes=0-99", part(0, 100)),
            ("bytes=0-", part(0, 1000)),
            ("bytes=900-5000", part(900, 100)),
            ("bytes=999-999", part(999, 1)),
            ("bytes=-1", part(999, 1)),
            ("bytes=-5000", part(0, 1000)),
            ("bytes=0-99999999999999999999999", part(0, 1000)),
            ("bytes=1000-", Part::Nothing),
            ("bytes=99999999999999999999999-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(wanted_part(Some(header), 1000), expected, "{header}");
        }
        assert_eq!(wanted_part(None, 1000), Part::Whole);
        assert_eq!(wanted_part(Some("bytes=0-"), 0), Part::Nothing);
    }
}
