-- Official documents that answer a request of another state, with the receipts of both sides, and what each state takes
-- in place of a paper original.

-- To whom a request went: of the student's latest enrollment in the state that is asked (of a transcript: the latest one in
-- a secondary grade) when it was asked. Null where that is not known.
alter table data_request
    add column school text,
    add column district text;

-- A version of a document. Versions are never deleted: a document is only replaced by the next one.
create table document (
    work_item_id bigint not null references data_request (work_item_id),
    version integer not null,               -- from 1
    media_type text not null check (media_type in ('application/pdf', 'application/xml')),
    content bytea not null,
    size integer not null check (size = octet_length(content)),
    sha256 bytea not null check (octet_length(sha256) = 32),
    registrar text not null,                -- who attests
    office text not null,                   -- title or office of who attests
    issued_on date not null,
    attestation text not null,              -- the sentence that was ticked, as it read then
    sent_at timestamptz not null,
    sent_by text not null,                  -- the account or certificate
    superseded_at timestamptz,              -- when the next version took its place
    superseded_why text,
    received_at timestamptz,                -- first downloaded by the state that asked
    received_by text,
    verdict text check (verdict in ('accepted', 'not_accepted')),   -- in lieu of the original, by the state that asked
    judged_at timestamptz,
    judged_by text,
    judged_why text,
    primary key (work_item_id, version)
);
create unique index document_current on document (work_item_id) where superseded_at is null;
-- PDFs are compressed as they are.
alter table document alter column content set storage external;

-- Whether a state takes a kind of document from the hub in place of a paper original.
create table document_acceptance (
    state text not null references participant (state),
    what text not null,                     -- notices::data_requests::What, of a document
    accepted text not null check (accepted in ('yes', 'no', 'with_conditions')),
    words text,                             -- the conditions, or what is asked for instead
    since date not null,
    contact text not null,                  -- whom to ask; staff
    kept_at timestamptz not null,
    kept_by text not null,
    primary key (state, what)
);
