//! Deploys on a real PostgreSQL, with the real components on the real runner; where Spin and Kubernetes belong, programs that
//! note what they are asked stand in.

mod failures;
mod local;
mod manifests;
mod rehearsal;
mod spin;
mod support;
mod undeploy;
