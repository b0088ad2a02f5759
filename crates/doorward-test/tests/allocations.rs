//! The decision about an admitted request allocates nothing, in no layer and not in the store.

use doorward_test::allocations::{Allocations, of_the_sample};

/// The proof of admission is a header's value, which owns its text and shares it; its MAC may cost
/// one more.
const EDITS_MAX: u64 = 3;
/// A token that was verified before is found by its digest.
const REMEMBERED_MAX: u64 = 2;

#[test]
fn an_admitted_request_is_decided_without_allocating() {
    let counted = of_the_sample(&|what| allocation_counter::measure(what).count_total);
    let others = Allocations { edits: 0, remembered: 0, remembered_edits: 0, ..counted };
    assert_eq!(others, Allocations::default());
    assert!(counted.edits <= EDITS_MAX, "{} allocations in the edits upstream", counted.edits);
}

#[test]
fn a_caller_whose_token_is_remembered_is_known_without_allocating_much() {
    let counted = of_the_sample(&|what| allocation_counter::measure(what).count_total);
    let Allocations { remembered, remembered_edits, .. } = counted;
    assert!(remembered <= REMEMBERED_MAX, "{remembered} allocations in the decision");
    assert!(remembered_edits <= EDITS_MAX, "{remembered_edits} allocations in its edits");
    println!("{remembered} in the decision, {remembered_edits} in its edits");
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| {
        std::hint::black_box(vec![1_u8, 2]);
    });
    assert_eq!(counted.count_total, 1);
}
