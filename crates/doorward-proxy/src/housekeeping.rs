//! The housekeeping thread: writes the log, so that no worker ever waits for whoever reads it.

use crate::log::{LogBuffer, Tally, write_dropped, write_summary};
use crate::settings::LogForm;
use doorward_porter::clock::Clock;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// What the housekeeping thread does its work with.
pub(crate) struct Housekeeping {
    pub(crate) buffers: Vec<Arc<LogBuffer>>,
    pub(crate) form: LogForm,
    pub(crate) out: Box<dyn Write + Send>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) summary_every: Duration,
    pub(crate) is_over: Arc<AtomicBool>,
}

impl Housekeeping {
    /// Works until it is over, and writes what is left then.
    pub(crate) fn run(mut self) {
        let mut tally = Tally::default();
        let mut text = Vec::new();
        let mut summary_at = Instant::now() + self.summary_every;
        loop {
            // Parked until a worker has a line, the minute is up, or all is over.
            thread::park_timeout(summary_at.saturating_duration_since(Instant::now()));
            let is_over = self.is_over.load(Ordering::Acquire);
            if !is_over {
                // A buffer that is full by then ends the gathering early.
                thread::park_timeout(GATHER);
            }
            self.gather(&mut tally, &mut text);
            if Instant::now() >= summary_at || is_over {
                summary_at = Instant::now() + self.summary_every;
                self.summarize(&mut tally, &mut text);
            }
            // A log that cannot be written must not stop the gate; there is nobody to tell.
            let _ = self.out.write_all(&text).and_then(|()| self.out.flush());
            text.clear();
            if is_over {
                return;
            }
        }
    }

    fn gather(&self, tally: &mut Tally, text: &mut Vec<u8>) {
        for buffer in &self.buffers {
            let mut lines = buffer.lines();
            tally.take(&mut lines.tally);
            let dropped = std::mem::take(&mut lines.dropped);
            text.extend_from_slice(&lines.text);
            lines.text.clear();
            drop(lines);
            if dropped > 0 {
                write_dropped(dropped, self.form, self.clock.now(), text);
            }
        }
    }

    fn summarize(&self, tally: &mut Tally, text: &mut Vec<u8>) {
        if tally.has_refused() {
            write_summary(tally, self.form, self.clock.now(), text);
        }
        *tally = Tally::default();
    }
}
