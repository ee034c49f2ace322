//! Records on their way out, for made-up children of a simulated nation and, where `MARIPOSA_SAMPLES` names a folder of
//! sample exports (`STATE/DATE/files`), for theirs.

mod children;
mod lists;
mod papers;
mod schemas;
