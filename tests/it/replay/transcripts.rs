//! One snapshot for each recorded trace.

use super::player::play;
use esl::trace::Trace;

#[test]
fn every_trace_becomes_the_calls_that_happened() {
    let traces = Trace::all_fixtures().unwrap();
    assert!(traces.len() > 100);
    insta::with_settings!({ snapshot_path => "../snapshots/replay", prepend_module_to_snapshot => false, omit_expression => true }, {
        for trace in &traces {
            let transcript = play(trace).transcript();
            // The protocol traces have no calls: nothing to keep.
            if !transcript.is_empty() {
                insta::assert_snapshot!(trace.name.clone(), transcript);
            }
        }
    });
}
