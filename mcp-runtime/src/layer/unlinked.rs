//! Without the feature `otel`, spans are not told that they belong to a caller on another machine.

use tracing::Span;

use crate::model::Facts;

pub(super) fn to_caller(_: &Span, _: &Facts) {}
