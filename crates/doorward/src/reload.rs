//! Reloads: the configuration is read again when one of its files has changed, or SIGHUP comes. A
//! bad one changes nothing but what is said.

use crate::{machine, mounting};
use doorward_config::{Config, Given, Level, Machine, Outside};
use doorward_porter::Outside as World;
use doorward_proxy::Proxy;
use doorward_proxy::settings::Forwarding;
use std::cell::RefCell;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is needed to read the configuration again.
pub(crate) struct Reload {
    given: Given,
    secret: [u8; 32],
    config: Config,
    world: Arc<World>,
    /// The files that the configuration was read from, as they were then.
    files: Vec<(PathBuf, Look)>,
    /// What a look showed that differs; the next look must show it too.
    changed: Option<Vec<Look>>,
}

/// What tells one state of a file from another; none where there is no such file.
type Look = Option<[u64; 5]>;

/// The machine, with the files that were read from it, as they were just before.
#[derive(Default)]
pub(crate) struct Noted(RefCell<Vec<(PathBuf, Look)>>);

impl Outside for Noted {
    fn variable(&self, name: &str) -> Option<String> {
        Machine.variable(name)
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.note(path);
        Machine.file(path)
    }

    fn large_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.note(path);
        Machine.large_file(path)
    }
}

impl Noted {
    /// Before it is read: what changes in between shows at the next look.
    fn note(&self, path: &Path) {
        let before = look(path);
        self.0.borrow_mut().push((path.to_owned(), before));
    }

    /// The files, as they were before they were read for the first time.
    fn looked_at(self) -> Vec<(PathBuf, Look)> {
        let mut files = self.0.into_inner();
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        files.dedup_by(|(later, _), (first, _)| later == first);
        files
    }
}

impl Reload {
    /// Watches what `config` was read from.
    pub(crate) fn new(
        given: Given,
        secret: [u8; 32],
        config: Config,
        world: Arc<World>,
        noted: Noted,
    ) -> Self {
        Self { given, secret, config, world, files: noted.looked_at(), changed: None }
    }

    /// Looks at the files. What has changed, and then stayed so for one more look, is read.
    pub(crate) fn look(&mut self, proxy: &Proxy) {
        let now: Vec<Look> = self.files.iter().map(|(path, _)| look(path)).collect();
        let is_same = self.files.iter().map(|(_, before)| before).eq(&now);
        if is_same {
            self.changed = None;
        } else if self.changed.as_ref() == Some(&now) {
            self.read(proxy);
        } else {
            self.changed = Some(now);
        }
    }

    /// Reads the configuration, and has it served from the next request on.
    pub(crate) fn read(&mut self, proxy: &Proxy) {
        let noted = Noted::default();
        let loaded = doorward_config::load(&self.given, &noted, self.secret);
        let files = noted.looked_at();
        self.changed = None;
        let config = match loaded {
            Ok(config) => config,
            Err(report) => {
                // A file that was not read because of an earlier error is watched on.
                for (path, now) in files {
                    match self.files.iter_mut().find(|(known, _)| *known == path) {
                        Some((_, before)) => *before = now,
                        None => self.files.push((path, now)),
                    }
                }
                let colour = machine::talk_has_colour();
                machine::talk(&report.render_with(colour, "the file is not taken"));
                return self.kept(proxy);
            }
        };
        // A list of keys that is gone would make every key unknown. It may be on its way back.
        let gone = self.files.iter().find(|(path, before)| {
            before.is_some() && files.iter().any(|(known, now)| known == path && now.is_none())
        });
        let gone = gone.map(|(path, _)| path.clone());
        self.files = files;
        if let Some(path) = gone {
            machine::talk(&format!("error: {} was there, and is gone\n", path.display()));
            return self.kept(proxy);
        }
        config.gate.adopt(&self.config.gate);
        if let Err(error) = self.serve(&config, proxy) {
            machine::talk(&format!("error: {error:#}\n"));
            return self.kept(proxy);
        }
        self.world.attend(&config.gate);
        if config.warnings.problems().iter().any(|problem| problem.level == Level::Warning) {
            machine::talk(&config.warnings.render(machine::talk_has_colour()));
        }
        for word in config.permissive.iter().filter(|word| !self.config.permissive.contains(word)) {
            machine::talk(&format!("permissive, and was not before: {word}\n"));
        }
        for key in self.ignored(&config) {
            machine::talk(&format!("{key} is taken at a start only: restart to change it\n"));
        }
        machine::talk("the configuration was read again, and is served from now on\n");
        self.config = config;
    }

    fn kept(&self, proxy: &Proxy) {
        machine::talk("the gate goes on as before\n");
        proxy.metrics().reloaded(false);
    }

    /// Everything is made before anything is exchanged.
    fn serve(&self, config: &Config, proxy: &Proxy) -> anyhow::Result<()> {
        let upstreams: anyhow::Result<Vec<_>> =
            config.upstreams.iter().map(mounting::upstream).collect();
        let (certificate, upstreams) = (mounting::certificate(config)?, upstreams?);
        // Whose certificates count comes first: what clients have shown is judged by it from here
        // on.
        if let Some(certificate) = certificate {
            proxy.swap_certificate(certificate)?;
        }
        proxy.swap(Arc::clone(&config.gate), upstreams, Forwarding::default())?;
        Ok(())
    }

    /// What has changed, and waits for a restart.
    fn ignored(&self, config: &Config) -> Vec<&'static str> {
        let old = &self.config;
        let mut out = Vec::new();
        let mut note = |key, is_same: bool| {
            if !is_same {
                out.push(key);
            }
        };
        note("listen", old.listen == config.listen);
        note("threads", old.threads == config.threads);
        note("http2", old.http2 == config.http2);
        note("proxy_protocol", old.proxy_protocol == config.proxy_protocol);
        note("[tls], switched on or off", old.tls.is_some() == config.tls.is_some());
        let admin = |config: &Config| {
            let admin = config.admin.as_ref()?;
            let token = admin.token.as_ref().map(|token| token.expose().to_vec());
            Some((admin.listen, admin.hosts.clone(), token))
        };
        note("[admin]", admin(old) == admin(config));
        note("[limits] and [time]", old.bounds == config.bounds);
        note("log", old.log == config.log);
        note("[store]", old.store == config.store);
        out
    }
}

fn look(path: &Path) -> Look {
    // Behind a symbolic link, since that is what is read.
    let found = std::fs::metadata(path).ok()?;
    let time = |value: i64| u64::try_from(value).unwrap_or(0);
    Some([found.dev(), found.ino(), found.len(), time(found.mtime()), time(found.mtime_nsec())])
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn a_look_shows_another_file_of_the_same_name_and_length() {
        let folder = std::env::temp_dir().join(format!("doorward-look-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (one, other) = (folder.join("one"), folder.join("other"));
        assert_eq!(look(&one), None);
        std::fs::write(&one, "a").expect("a file");
        let before = look(&one);
        assert!(before.is_some() && before == look(&one));
        std::fs::write(&other, "b").expect("a file");
        std::fs::rename(&other, &one).expect("a file in place of another");
        assert_ne!(look(&one), before);
        std::fs::remove_dir_all(&folder).expect("the folder is gone");
    }
}
