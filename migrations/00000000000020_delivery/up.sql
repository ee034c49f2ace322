-- Where a state's system wants to be told at once, and with what the hub signs.
create table webhook (
    state text primary key references participant (state),
    address text not null,              -- https
    signing_seed bytea not null,        -- of the Ed25519 key (RFC 8032)
    secret bytea not null,              -- of HMAC-SHA256
    keys_made_at timestamptz not null,
    old_signing_seed bytea,             -- the keys before these, with which is signed too until old_keys_until
    old_secret bytea,
    old_keys_until timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    disabled_at timestamptz,
    disabled_reason text,
    failures integer not null default 0, -- in a row
    failing_since timestamptz,
    paused_until timestamptz            -- nothing is sent before, because too much failed
);

-- Who wants e-mail when something is told to a state.
create table mail_subscription (
    account_id bigint not null references account (account_id) on delete cascade,
    state text not null references participant (state),
    rhythm text not null check (rhythm in ('immediate', 'daily')),
    chosen_at timestamptz not null,
    mailed_at timestamptz,
    primary key (account_id, state)
);

-- What is to be told outside: one row per event and channel, written in the transaction that caused the event.
create table delivery (
    webhook_id uuid primary key default gen_random_uuid(), -- the same at every attempt
    delivery_id bigint generated always as identity unique,
    state text not null,                -- to which it is told
    channel text not null check (channel in ('webhook', 'email')),
    account_id bigint references account (account_id) on delete cascade, -- whose e-mail
    kind text not null,                 -- move_notice.created …
    link text not null,                 -- where to read it: /v1/move-notices/17
    happened_at timestamptz not null,
    queued_at timestamptz not null,     -- from when the time is counted after which it is given up
    status text not null default 'waiting' check (status in ('waiting', 'sending', 'delivered', 'dead')),
    next_at timestamptz not null,       -- when it is due; of what is being sent: when its sender is taken for gone
    attempts integer not null default 0,
    outcome text,                       -- of the last attempt
    settled_at timestamptz,
    tries jsonb not null default '[]',  -- each attempt: at, ms, outcome
    check ((channel = 'email') = (account_id is not null))
);
create index delivery_due on delivery (channel, state, next_at, delivery_id) where status in ('waiting', 'sending');
create index delivery_newest on delivery (state, delivery_id desc) where channel = 'webhook';
create index delivery_settled on delivery (settled_at) where settled_at is not null;
