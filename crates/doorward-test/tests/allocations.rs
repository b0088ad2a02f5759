//! The decision about an admitted request allocates nothing, in no layer and not in the store.

use doorward_test::allocations::{Allocations, of_the_sample};

/// The proof of admission is a header's value, which owns its text and shares it; its MAC may cost
/// one more.
const EDITS_MAX: u64 = 3;

#[test]
fn an_admitted_request_is_decided_without_allocating() {
    let counted = of_the_sample(&|what| allocation_counter::measure(what).count_total);
    assert_eq!(Allocations { edits: 0, ..counted }, Allocations::default());
    assert!(counted.edits <= EDITS_MAX, "{} allocations in the edits upstream", counted.edits);
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| {
        std::hint::black_box(vec![1_u8, 2]);
    });
    assert_eq!(counted.count_total, 1);
}
