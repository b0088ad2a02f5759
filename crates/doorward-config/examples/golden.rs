//! Prints what a golden file comes to, to be read, judged and then kept beside it:
//!
//! ```text
//! cargo run -q -p doorward-config --example golden -- empty.toml > cases/config/bad/empty.out
//! ```

#[path = "../tests/golden/mod.rs"]
mod golden;

fn main() {
    for file in std::env::args().skip(1) {
        print!("{}", golden::outcome(&golden::given(&file)));
    }
}
