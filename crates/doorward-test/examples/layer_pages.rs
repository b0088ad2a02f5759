//! Writes the pages of the layers into a folder: `cargo xtask docs` names it.

use doorward_test::layer_pages::layer_pages;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("no folder is named")?;
    std::fs::create_dir_all(&folder)?;
    for page in layer_pages()? {
        let path = folder.join(&page.name);
        std::fs::write(&path, page.text)?;
        println!("{}", path.display());
    }
    Ok(())
}
