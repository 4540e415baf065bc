//! The banner of `dev`.
