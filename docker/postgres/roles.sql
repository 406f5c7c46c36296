-- The roles and the database. None of them is a superuser or goes around row level security: the owner makes tables,
-- the runtime role sees one school at a time, the jobs role claims work of the outbox.
CREATE ROLE einverstanden_owner LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE einverstanden_rt LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE einverstanden_jobs LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE einverstanden OWNER einverstanden_owner ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0;
