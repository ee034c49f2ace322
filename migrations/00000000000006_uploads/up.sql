-- When the work on a batch began and when its content began to be written; with received_at and status_at, what each
-- phase of it took. A batch that is taken up again after a kill starts anew.
alter table batch
    add column checking_at timestamptz,
    add column loading_at timestamptz;

-- Uploads that arrive in pieces (tus 1.0), until they are a batch. The bytes are in the spool.
create table upload (
    upload_id uuid primary key,
    state text not null,
    created_at timestamptz not null,
    created_by text not null,           -- fingerprint of the certificate
    metadata text not null,             -- Upload-Metadata as sent
    size_bytes bigint not null check (size_bytes > 0),
    received_bytes bigint not null default 0 check (received_bytes between 0 and size_bytes), -- on disk for certain
    expires_at timestamptz not null,
    status text not null default 'open' check (status in ('open', 'received', 'refused', 'gone')),
    batch_id bigint,                    -- once received
    problem jsonb                       -- why it is refused, as it was answered
);
create index upload_state on upload (state) where status = 'open';
