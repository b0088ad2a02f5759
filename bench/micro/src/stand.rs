//! Gates, requests and stores.
