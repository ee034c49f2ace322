drop table printed_paper;
