//! The probe against servers whose faults are known, in one program: they share their servers.

mod around;
mod callers;
mod check_pages;
mod corpus;
mod hostile;
mod origins;
mod planted;
mod requests;
mod tap;
