// Checks the files of deploy/ against schemas of the documented fields, and that the schemas notice what is wrong: each
// mistake below is made in a copy of a file that is right, and must be refused.

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { parseDocument } from "yaml";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false });
const schemas = Object.fromEntries(
  readdirSync(here("schemas")).map((name) => [
    name.replace(/\.json$/, ""),
    ajv.compile(JSON.parse(readFileSync(here(`schemas/${name}`), "utf8"))),
  ]),
);

/** A YAML file; a mistake in its syntax, such as a key that stands twice, is an error. */
function read(path) {
  const document = parseDocument(readFileSync(here(`../../deploy/${path}`), "utf8"), { strict: true, uniqueKeys: true });
  if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0].message}`);
  return document.toJS();
}

const KINDS = {
  SpinApp: "spinapp", CronJob: "cronjob", Deployment: "deployment", HorizontalPodAutoscaler: "hpa", Secret: "secret",
};
const manifests = ["spinkube", "relay"].flatMap((folder) =>
  readdirSync(here(`../../deploy/${folder}`)).filter((name) => name.endsWith(".yaml")).map((name) => `${folder}/${name}`));
const files = Object.fromEntries(
  manifests.map((path) => {
    const value = read(path);
    return [path, [KINDS[value.kind], value]];
  }),
);
files["github/deploy.yml"] = ["github", read("github/deploy.yml")];
files["gitlab/.gitlab-ci.yml"] = ["gitlab", read("gitlab/.gitlab-ci.yml")];

const faults = [];
for (const [path, [schema, value]] of Object.entries(files)) {
  if (!schema) faults.push(`${path}: no schema for ${value.kind}`);
  else if (!schemas[schema](value)) {
    faults.push(...schemas[schema].errors.map((error) => `${path}: ${error.instancePath} ${error.message}`));
  }
}

/** What must be refused: a file, and a mistake in it. */
const MISTAKES = [
  ["spinkube/spinapp.yaml", "a wrong field", (app) => (app.spec.replica = 2)],
  ["spinkube/spinapp.yaml", "a wrong version", (app) => (app.apiVersion = "core.spinoperator.dev/v1alpha1")],
  ["spinkube/spinapp.yaml", "replicas beside an autoscaler", (app) => (app.spec.replicas = 2)],
  ["spinkube/spinapp.yaml", "neither replicas nor an autoscaler", (app) => delete app.spec.enableAutoscaling],
  ["spinkube/spinapp.yaml", "a probe without a path", (app) => delete app.spec.checks.readiness.httpGet.path],
  ["spinkube/spinapp.yaml", "a probe of another form", (app) => (app.spec.checks.liveness.http = {})],
  ["spinkube/spinapp.yaml", "no liveness", (app) => delete app.spec.checks.liveness],
  ["spinkube/spinapp.yaml", "a variable with two values", (app) => (app.spec.variables[0].value = "x")],
  ["spinkube/spinapp.yaml", "an image without a tag", (app) => (app.spec.image = "registry.example.com/rolecall")],
  ["spinkube/spinapp.yaml", "an amount of nothing", (app) => (app.spec.resources.limits.memory = "1 GB")],
  ["spinkube/guard.yaml", "two at a time", (job) => (job.spec.concurrencyPolicy = "Allow")],
  ["spinkube/guard.yaml", "no rule about two at a time", (job) => delete job.spec.concurrencyPolicy],
  ["spinkube/guard.yaml", "a field in the wrong place", (job) => (job.spec.backoffLimit = 1)],
  ["spinkube/guard.yaml", "five fields of time are needed", (job) => (job.spec.schedule = "*/15 * * * * *")],
  ["spinkube/alerts.yaml", "a misspelt field", (job) => (job.spec.jobTemplate.spec.activeDeadlineSecond = 1)],
  ["spinkube/alerts.yaml", "a restart that a job cannot have",
    (job) => (job.spec.jobTemplate.spec.template.spec.restartPolicy = "Always")],
  ["spinkube/hpa.yaml", "no upper bound", (hpa) => delete hpa.spec.maxReplicas],
  ["spinkube/hpa.yaml", "the SpinApp as its target", (hpa) => (hpa.spec.scaleTargetRef.kind = "SpinApp")],
  ["spinkube/hpa.yaml", "the form of v1", (hpa) => (hpa.spec.targetCPUUtilizationPercentage = 70)],
  ["spinkube/secret.yaml", "a number as a value", (secret) => (secret.stringData.jwt_secret = 1)],
  ["relay/relay.yaml", "a misspelt field", (relay) => (relay.spec.replica = 2)],
  ["relay/relay.yaml", "pods that nothing selects", (relay) => delete relay.spec.template.metadata.labels],
  ["relay/relay.yaml", "credentials that can be written", (relay) =>
    (relay.spec.template.spec.containers[0].volumeMounts[0].readOnly = false)],
  ["relay/relay.yaml", "an image without a tag", (relay) =>
    (relay.spec.template.spec.containers[0].image = "registry.example.com/rolecall-relay")],
  ["relay/secret.yaml", "a number as a value", (secret) => (secret.stringData.database_url = 1)],
  ["github/deploy.yml", "a misspelt key", (flow) => (flow.jobs.deploy["run-on"] = "x")],
  ["github/deploy.yml", "a step that does nothing", (flow) => flow.jobs.deploy.steps.push({ name: "x" })],
  ["github/deploy.yml", "an action without a version", (flow) => (flow.jobs.deploy.steps[0].uses = "actions/checkout")],
  ["gitlab/.gitlab-ci.yml", "a misspelt key", (flow) => (flow.deploy.scripts = ["make"])],
  ["gitlab/.gitlab-ci.yml", "a job without a script", (flow) => delete flow.deploy.script],
];
for (const [path, what, make] of MISTAKES) {
  const [schema, value] = files[path];
  const wrong = structuredClone(value);
  make(wrong);
  if (schemas[schema](wrong)) faults.push(`${path}: ${what} is not noticed`);
}

// The examples call the targets of the Makefile.
const makefile = readFileSync(here("../../Makefile"), "utf8");
for (const path of ["github/deploy.yml", "gitlab/.gitlab-ci.yml"]) {
  const text = readFileSync(here(`../../deploy/${path}`), "utf8");
  const targets = [...text.matchAll(/^\s*(?:run:|-) make ([a-z-]+)/gm)].map((match) => match[1]);
  for (const target of targets) {
    if (!new RegExp(`^${target}:`, "m").test(makefile)) faults.push(`${path}: there is no target ${target}`);
  }
  for (const target of ["deploy", "undeploy"]) {
    if (!targets.includes(target)) faults.push(`${path}: never runs make ${target}`);
  }
}

if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${Object.keys(files).length} files are right, ${MISTAKES.length} mistakes are noticed`);
