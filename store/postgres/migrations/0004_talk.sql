-- Questions, messages and reports. n orders them by their commits, nearly.

create table pinchwork.question (
    id          text collate "C" primary key,
    n           bigint generated always as identity,
    task        text collate "C" not null,
    asker       text collate "C" not null,
    body        text not null,
    answer      text not null default '',
    created_at  timestamptz not null,
    answered_at timestamptz
);

create index question_of_task on pinchwork.question (task, n);

create table pinchwork.message (
    id         text collate "C" primary key,
    n          bigint generated always as identity,
    task       text collate "C" not null,
    sender     text collate "C" not null,
    worker     text collate "C" not null,         -- of the claim it belongs to
    body       text not null,
    created_at timestamptz not null
);

create index message_of_task on pinchwork.message (task, n);

create table pinchwork.report (
    id          text collate "C" primary key,
    n           bigint generated always as identity,
    task        text collate "C" not null,
    reporter    text collate "C" not null,
    reason      text not null,
    status      text not null,
    note        text not null default '',
    created_at  timestamptz not null,
    resolved_at timestamptz,
    unique (task, reporter)
);

create index report_by_age on pinchwork.report (n);
create index report_by_status on pinchwork.report (status, n);

create table pinchwork.report_count (
    status text primary key,
    count  bigint not null
);
