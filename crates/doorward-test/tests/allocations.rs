//! The decision about an admitted request allocates nothing, in no layer and not in the store.

use doorward_test::allocations::{Allocations, of_the_sample};

#[test]
fn an_admitted_request_is_decided_without_allocating() {
    let counted = of_the_sample(&|what| allocation_counter::measure(what).count_total);
    // The proof of admission is a header's value, which owns its text and shares it.
    assert_eq!(counted, Allocations { edits: 2, ..Allocations::default() });
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| {
        std::hint::black_box(vec![1_u8, 2]);
    });
    assert_eq!(counted.count_total, 1);
}
