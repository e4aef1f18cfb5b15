-- out: the highest number of an event that was pruned, 0 for none
select p.n from pinchwork.pruned p
