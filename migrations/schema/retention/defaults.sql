insert into rolecall.retention (kind)
values ('direct'), ('show');
