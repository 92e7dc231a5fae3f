//! The form that mod_xml_curl posts: up to 200 fields, of which we read some twenty.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The fields we read. Absent fields are empty, as the switch sends them.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field bears the switch's own name")]
pub struct Form<'a> {
    pub section: Cow<'a, str>,
    pub key_value: Cow<'a, str>,
    pub action: Cow<'a, str>,
    pub user: Cow<'a, str>,
    pub domain: Cow<'a, str>,
    pub purpose: Cow<'a, str>,
    pub cc_queue: Cow<'a, str>,
    pub hunt_context: Cow<'a, str>,
    pub hunt_destination_number: Cow<'a, str>,
    pub caller_context: Cow<'a, str>,
    pub caller_destination_number: Cow<'a, str>,
    pub caller_id_number: Cow<'a, str>,
    pub sip_authorized: Cow<'a, str>,
    pub user_name: Cow<'a, str>,
    pub sip_gateway: Cow<'a, str>,
    pub cordboard_extension: Cow<'a, str>,
    pub cordboard_kind: Cow<'a, str>,
    pub cordboard_route: Cow<'a, str>,
}

/// The body is no form of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not text.
    #[error("the body is not UTF-8")]
    Encoding,
    /// Every request of mod_xml_curl names its section.
    #[error("the field \"section\" is missing")]
    Section,
}

impl<'a> Form<'a> {
    /// Reads a body. A field that is given twice counts with its first value, as the switch means it.
    pub fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        let body = std::str::from_utf8(body).map_err(|_| FormError::Encoding)?;
        let mut form = Self::default();
        for pair in body.split('&') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let Some(field) = form.field(name) else { continue };
            if field.is_empty() {
                *field = decode(value)?;
            }
        }
        if form.section.is_empty() {
            Err(FormError::Section)
        } else {
            Ok(form)
        }
    }

    fn field(&mut self, name: &str) -> Option<&mut Cow<'a, str>> {
        Some(match name {
            "section" => &mut self.section,
            "key_value" => &mut self.key_value,
            "action" => &mut self.action,
            "user" => &mut self.user,
            "domain" => &mut self.domain,
            "purpose" => &mut self.purpose,
            "CC-Queue" => &mut self.cc_queue,
            "Hunt-Context" => &mut self.hunt_context,
            "Hunt-Destination-Number" => &mut self.hunt_destination_number,
            "Caller-Context" => &mut self.caller_context,
            "Caller-Destination-Number" => &mut self.caller_destination_number,
            "Caller-Caller-ID-Number" => &mut self.caller_id_number,
            "variable_sip_authorized" => &mut self.sip_authorized,
            "variable_user_name" => &mut self.user_name,
            "variable_sip_gateway" => &mut self.sip_gateway,
            "variable_cordboard_extension" => &mut self.cordboard_extension,
            "variable_cordboard_kind" => &mut self.cordboard_kind,
            "variable_cordboard_route" => &mut self.cordboard_route,
            _ => return None,
        })
    }
}

/// The switch writes `%20` for a blank, other clients `+`.
fn decode(value: &str) -> Result<Cow<'_, str>, FormError> {
    if !value.contains(['%', '+']) {
        return Ok(Cow::Borrowed(value));
    }
    let blanks = value.replace('+', " ");
    let text = percent_decode_str(&blanks)
        .decode_utf8()
        .map_err(|_| FormError::Encoding)?;
    Ok(Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_fields_are_read_and_all_others_skipped() {
        let body = b"hostname=x&section=dialplan&tag_name=&Caller-Context=default&variable_x=%00&\
            Caller-Destination-Number=%2B86+10%201&Caller-Destination-Number=2&novalue&variable_cordboard_kind=click";
        let form = Form::parse(body).unwrap();
        assert_eq!(form.section, "dialplan");
        assert_eq!(form.caller_context, "default");
        assert_eq!(form.caller_destination_number, "+86 10 1");
        assert_eq!(form.cordboard_kind, "click");
    }

    #[test]
    fn what_is_no_form_of_the_switch_is_refused() {
        assert_eq!(Form::parse(b""), Err(FormError::Section));
        assert_eq!(Form::parse(b"a=b"), Err(FormError::Section));
        assert_eq!(
            Form::parse(b"section=dialplan&user=%ff"),
            Err(FormError::Encoding)
        );
        assert_eq!(Form::parse(b"section=\xff"), Err(FormError::Encoding));
    }
}
