//! Rows as a table: for the model in few tokens, for programs as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Failure, IntoToolResult, Needs};
use crate::model::{Content, ToolResult};

/// Rows for a tool to return: the model reads a table with one line of names, and programs get JSON with a schema,
/// `{"rows": […]}`.
///
/// The table is CSV (RFC 4180), which every model knows and which says each name once: of a list of flat rows it takes about half
/// of the tokens that JSON takes, fewer than a Markdown table does. The columns stand in the order of the struct's fields. A value that is not there is
/// an empty cell, an empty text is `""`, and a list or an object is its JSON.
///
/// ```
/// use mcp::Table;
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Sale { city: &'static str, euros: f64, note: Option<&'static str> }
///
/// /// Lists sales.
/// #[mcp::tool(read_only)]
/// async fn sales() -> Table<Sale> {
///     Table(vec![
///         Sale { city: "Berlin", euros: 12.5, note: None },
///         Sale { city: "Paris, Texas", euros: 3.0, note: Some("new") },
///     ])
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use mcp::IntoToolResult;
/// let shown = sales().await.into_content();
/// assert_eq!(shown[0].as_text(), Some("city,euros,note\nBerlin,12.5,\n\"Paris, Texas\",3.0,new\n"));
/// # });
/// ```
///
/// # Errors
///
/// A value that JSON cannot express, or a row that is no object, makes the call fail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table<T>(pub Vec<T>);

impl<T> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

#[derive(Serialize, JsonSchema)]
struct Sent<T> {
    rows: Vec<T>,
}

impl<T: Serialize + JsonSchema> IntoToolResult for Table<T> {
    fn into_content(self) -> Vec<Content> {
        self.into_tool_result().map(|result| result.content).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        let structured = serde_json::to_string(&Sent { rows: self.0 }).map_err(Failure::new)?;
        let rows = Rows::read(&structured).ok_or_else(|| Failure::new("a row of a table is an object"))?;
        let content = vec![Content::text(rows.to_csv())];
        Ok(ToolResult { content, structured: Some(structured), ..ToolResult::default() })
    }

    fn describe(needs: &mut Needs<'_>) {
        needs.0.output::<Sent<T>>();
    }
}

/// What was written of the rows, each member in its place.
struct Rows {
    columns: Vec<String>,
    rows: Vec<Map<String, Value>>,
}

impl Rows {
    fn read(json: &str) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Written {
            rows: Vec<Members>,
        }
        let written: Written = serde_json::from_str(json).ok()?;
        let mut columns: Vec<String> = Vec::new();
        let mut rows = Vec::with_capacity(written.rows.len());
        for Members(members) in written.rows {
            // A field that earlier rows have left out stands behind the one that it follows.
            let mut behind = 0;
            for (name, _) in &members {
                match columns.iter().position(|column| column == name) {
                    Some(at) => behind = at + 1,
                    None => {
                        columns.insert(behind, name.clone());
                        behind += 1;
                    }
                }
            }
            rows.push(members.into_iter().collect());
        }
        Some(Self { columns, rows })
    }

    fn to_csv(&self) -> String {
        if self.rows.is_empty() {
            return "no rows\n".into();
        }
        let mut csv = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            separate(at, &mut csv);
            cell(column, &mut csv);
        }
        csv.push('\n');
        for row in &self.rows {
            for (at, column) in self.columns.iter().enumerate() {
                separate(at, &mut csv);
                match row.get(column) {
                    None | Some(Value::Null) => {}
                    Some(Value::String(text)) => cell(text, &mut csv),
                    Some(other) => cell(&other.to_string(), &mut csv),
                }
            }
            csv.push('\n');
        }
        csv
    }
}

fn separate(at: usize, csv: &mut String) {
    if at > 0 {
        csv.push(',');
    }
}

fn cell(text: &str, csv: &mut String) {
    let plain = !text.is_empty()
        && !text.contains([',', '"', '\n', '\r'])
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace);
    if plain {
        csv.push_str(text);
        return;
    }
    csv.push('"');
    csv.push_str(&text.replace('"', "\"\""));
    csv.push('"');
}

/// The members of an object in the order in which they were written.
struct Members(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(rows: &str) -> Option<String> {
        Rows::read(&format!("{{\"rows\":{rows}}}")).map(|rows| rows.to_csv())
    }

    #[test]
    fn what_would_break_a_table_is_quoted() {
        let rows = r#"[{"z":"a,b","a":"say \"x\"","m":"two\nlines"},{"z":"","a":null,"m":" padded"}]"#;
        assert_eq!(
            csv(rows).as_deref(),
            Some("z,a,m\n\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n\"\",,\" padded\"\n")
        );
        let rows = r#"[{"a, b":1.50,"c":[1,"x"],"d":{"e":true},"f":false}]"#;
        assert_eq!(
            csv(rows).as_deref(),
            Some("\"a, b\",c,d,f\n1.5,\"[1,\"\"x\"\"]\",\"{\"\"e\"\":true}\",false\n")
        );
    }

    #[test]
    fn columns_stand_in_the_order_of_the_fields_whichever_rows_have_them() {
        let rows = r#"[{"id":1,"last":2},{"id":3,"between":4,"last":5},{"last":6},{}]"#;
        assert_eq!(csv(rows).as_deref(), Some("id,between,last\n1,,2\n3,4,5\n,,6\n,,\n"));
        assert_eq!(csv("[]").as_deref(), Some("no rows\n"));
        assert_eq!(csv("[1]"), None);
    }
}
