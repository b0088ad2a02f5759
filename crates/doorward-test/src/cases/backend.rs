//! A backend that keeps what it was asked, and answers as a case says.

use super::wire::{self, Message};
use super::{Answer, Contact};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A backend on a free port of 127.0.0.1. Dropped, it ends.
pub(super) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Mutex<Answer>,
    contacts: Mutex<Vec<Contact>>,
    is_over: AtomicBool,
}

impl Backend {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Mutex::new(Answer { status: 200, headers: Vec::new() }),
            contacts: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let backend = Self { address, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.is_over.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&shared);
                // A connection that breaks is the proxy's business.
                thread::spawn(move || drop(shared.serve(&stream)));
            }
        });
        Ok(backend)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers from now on.
    pub(super) fn answers(&self, answer: &Answer) {
        let mut place = self.shared.answer.lock().unwrap_or_else(PoisonError::into_inner);
        place.clone_from(answer);
    }

    /// What reached it since this was last asked.
    pub(super) fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.shared.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *contacts)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        while let Some(Message { first, headers, body }) = wire::read_request(&mut reader)? {
            let mut words = first.split(' ').map(str::to_owned);
            let (method, target) = (words.next().unwrap_or_default(), words.next());
            let is_head = method == "HEAD";
            let contact = Contact { method, target: target.unwrap_or_default(), headers, body };
            self.contacts.lock().unwrap_or_else(PoisonError::into_inner).push(contact);
            let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut writer = stream;
            writer.write_all(&written(&answer, is_head))?;
        }
        Ok(())
    }
}

fn written(answer: &Answer, is_head: bool) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {} Said\r\n", answer.status);
    for (name, value) in &answer.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_body = answer.status != 204 && answer.status != 304;
    if has_body {
        out.push_str("Content-Length: 3\r\n");
    }
    out.push_str("\r\n");
    if has_body && !is_head {
        out.push_str("ran");
    }
    out.into_bytes()
}
