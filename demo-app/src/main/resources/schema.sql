create table note (
  id bigint generated always as identity primary key,
  author varchar(64) not null,
  text varchar(1000) not null
);

create table audit (
  id bigint generated always as identity primary key,
  tenant varchar(32) not null,
  actor varchar(64) not null,
  action varchar(100) not null,
  thread varchar(100) not null
);
