//! Writes the pages of the checks into a folder: `cargo xtask docs` names it.

use doorward_probe::checks::check_pages;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("no folder is named")?;
    std::fs::create_dir_all(&folder)?;
    for page in check_pages() {
        let path = folder.join(&page.name);
        std::fs::write(&path, page.text)?;
        println!("{}", path.display());
    }
    Ok(())
}
