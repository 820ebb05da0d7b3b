//! Databases as their hosts hand them out: whoever installs is no superuser.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use rolecall_database::connect;
use rolecall_postgres::Cluster;
use tokio_postgres::Client;

/// A database of somebody who is no superuser.
pub struct Hosted {
    /// The superuser's URL; on a host nobody has it.
    pub admin_url: String,
    /// The URL of the database's owner, who installs.
    pub owner_url: String,
}

impl Hosted {
    /// The superuser's connection.
    pub async fn admin(&self) -> Client {
        connect(&self.admin_url).await.expect("it runs")
    }

    /// The owner's connection.
    pub async fn owner(&self) -> Client {
        connect(&self.owner_url).await.expect("it runs")
    }
}

/// A database on Supabase: its roles and schema auth exist and belong to others, and everything that the owner makes in
/// public is granted to everybody. The first call for a server makes the roles.
pub async fn supabase(cluster: &Cluster, database: &str) -> Hosted {
    let hosted = Hosted {
        admin_url: cluster.admin_url(database),
        owner_url: format!("postgres://owner:secret@127.0.0.1:{}/{database}?sslmode=disable", cluster.port()),
    };
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    let made: bool =
        root.query_one("select to_regrole('supabase_auth_admin') is not null", &[]).await.expect("it answers").get(0);
    if !made {
        root.batch_execute(
            "create role anon nologin noinherit;
             create role authenticated nologin noinherit;
             create role service_role nologin noinherit bypassrls;
             create role supabase_auth_admin nologin noinherit createrole;
             create role owner login createrole createdb bypassrls password 'secret';
             grant anon, authenticated, service_role to owner with admin option;",
        )
        .await
        .expect("a superuser may");
    }
    root.batch_execute(&format!("create database {database} template template0 owner owner"))
        .await
        .expect("a superuser may");
    hosted
        .admin()
        .await
        .batch_execute(
            "create schema auth authorization supabase_auth_admin;
             grant usage on schema auth to anon, authenticated, service_role, owner;
             set role supabase_auth_admin;
             create function auth.uid() returns uuid language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim.sub', true), ''),
                 (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
               )::uuid
             $$;
             create function auth.role() returns text language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim.role', true), ''),
                 (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
               )::text
             $$;
             create function auth.jwt() returns jsonb language sql stable as $$
               select coalesce(
                 nullif(current_setting('request.jwt.claim', true), ''),
                 nullif(current_setting('request.jwt.claims', true), '')
               )::jsonb
             $$;
             create table auth.users (
               id uuid primary key,
               email text,
               raw_app_meta_data jsonb,
               raw_user_meta_data jsonb,
               last_sign_in_at timestamptz
             );
             grant all on auth.users to owner;
             reset role;
             grant usage on schema public to anon, authenticated, service_role;
             grant usage, create on schema public to owner;
             alter default privileges for role owner in schema public
               grant all on tables to anon, authenticated, service_role;
             alter default privileges for role owner in schema public
               grant all on functions to anon, authenticated, service_role;
             alter default privileges for role owner in schema public
               grant all on sequences to anon, authenticated, service_role;",
        )
        .await
        .expect("a superuser may");
    hosted
}

/// A database on RDS: nothing is in it, and its owner may make roles, but none that passes row-level security by.
pub async fn rds(cluster: &Cluster, database: &str) -> Hosted {
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute("create role master login createrole createdb password 'secret'")
        .await
        .expect("a superuser may");
    root.batch_execute(&format!("create database {database} template template0 owner master"))
        .await
        .expect("a superuser may");
    Hosted {
        admin_url: cluster.admin_url(database),
        owner_url: format!("postgres://master:secret@127.0.0.1:{}/{database}?sslmode=disable", cluster.port()),
    }
}

/// Every object of the database with its definition, privileges and comment. It needs no `pg_dump`, which is always of
/// one version.
pub async fn catalogue(url: &str) -> Vec<String> {
    super::support::list(&connect(url).await.expect("it runs"), include_str!("../../compile/src/catalogue.sql")).await
}
