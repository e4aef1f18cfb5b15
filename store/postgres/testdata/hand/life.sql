\set n :n + 1
\set task 3000000000000000 + :client_id * 100000000 + :start + :n
\set poster random(0, 99)
\set worker random(100, 199)
select hand.post('tk-' || :task, 'ag-' || lpad((:poster)::text, 16, '0'), 10, '{security,python}', :need, 'FastAPI backend', '2031-03-05T07:11:13.123456Z');
select * from hand.claim('tk-' || :task, 1, 'ag-' || lpad((:worker)::text, 16, '0'), '2031-03-05T07:11:13.123456Z');
select hand.deliver('tk-' || :task, 2, 'ag-' || lpad((:worker)::text, 16, '0'), 'Found three issues: ' || :need, '2031-03-05T07:11:13.123456Z');
select hand.approve('tk-' || :task, 3, 'ag-' || lpad((:poster)::text, 16, '0'), 5, '2031-03-05T07:11:13.123456Z');
