//! Writes the keys and tokens of the bench: `credentials FOLDER COUNT`.
//!
//! For ES256 and HS256 each: `<name>.jwks`, `<name>.key` (what HAProxy takes), `<name>.good`, and a
//! token for each way of being wrong, `<name>.expired` and so on. `es256.fresh` has COUNT different
//! good tokens, each a line of headers as the load sends them.

use doorward_micro::credentials::{Key, Wrong};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().ok_or("the folder is missing")?;
    let count = arguments.next().ok_or("the number of tokens is missing")?;
    let count: u64 = count.to_str().ok_or("the number of tokens is none")?.parse()?;
    let unix_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let folder = Path::new(&folder);
    write(&Key::fresh("HS256", unix_s), folder)?;
    let key = Key::fresh("ES256", unix_s);
    write(&key, folder)?;
    let mut fresh = BufWriter::new(File::create(folder.join("es256.fresh"))?);
    for id in 1..=count {
        writeln!(fresh, "Authorization: Bearer {}", key.token(id))?;
    }
    fresh.flush()?;
    Ok(())
}

fn write(key: &Key, folder: &Path) -> Result<(), Box<dyn Error>> {
    let name = key.algorithm().to_lowercase();
    let save = |kind: &str, text| std::fs::write(folder.join(format!("{name}.{kind}")), text);
    save("jwks", key.key_set())?;
    save("key", key.plain().unwrap_or_default())?;
    save("good", key.token(0))?;
    for (wrong, kind) in Wrong::ALL {
        save(kind, key.wrong(wrong))?;
    }
    Ok(())
}
