drop table delivery;
drop table mail_subscription;
drop table webhook;
