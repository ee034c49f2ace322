-- Papers that were printed of a child: what a public page needs to say whether one still says what the record says.
create table printed_paper (
    code text primary key,              -- twelve random letters and digits (Crockford's Base32), as on the paper
    person_id bigint not null,          -- the survivor when it was printed
    kind text not null,                 -- record, family-card, migrant-confirmation or transfer-confirmation
    language text not null,             -- en or es
    left_state text,                    -- the state that the child left, of a transfer-confirmation
    day date not null,                  -- the day of which it speaks
    printed_at timestamptz not null,
    digest bytea not null check (length(digest) = 32)  -- SHA-256 of what it says of the child
);
