//! The commands and the library's calls as their users have them: the program itself, and real mutual TLS.

mod cut;
mod doctor;
mod feed;
mod hub;
mod profile;
mod resume;
mod upload;
mod validate;
mod watch;
