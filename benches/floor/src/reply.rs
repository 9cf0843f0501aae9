//! Writes one reply, straight into the buffer that is sent.

use serde::Serialize;
use serde_json::value::RawValue;

/// What every result of the stateless revision carries, in place of the closing brace.
pub const STAMP: &str = r#","resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"floor","version":"0.0.0"}}}"#;

/// Writes `{"jsonrpc":"2.0","id":…,"result":`, to be followed by the result and `}`.
pub fn begin_result(out: &mut Vec<u8>, id: &RawValue) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.get().as_bytes());
    out.extend_from_slice(br#","result":"#);
}

/// Writes a complete error reply; `data` is JSON.
pub fn error(out: &mut Vec<u8>, id: Option<&RawValue>, code: i32, text: &str, data: Option<&str>) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        out.extend_from_slice(br#""id":"#);
        out.extend_from_slice(id.get().as_bytes());
        out.push(b',');
    }
    out.extend_from_slice(br#""error":{"code":"#);
    json(out, &code);
    out.extend_from_slice(br#","message":"#);
    json(out, text);
    if let Some(data) = data {
        out.extend_from_slice(br#","data":"#);
        out.extend_from_slice(data.as_bytes());
    }
    out.extend_from_slice(b"}}");
}

/// Writes `{"content":[{"type":"text","text":…}]`, without the closing brace.
pub fn text_content(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(br#"{"content":[{"type":"text","text":"#);
    json(out, text);
    out.extend_from_slice(b"}]");
}

/// Writes a value as JSON.
pub fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Only a map with keys that are no strings, or a failing `Serialize`, can fail: neither occurs here.
    serde_json::to_writer(out, value).expect("these types serialise");
}
