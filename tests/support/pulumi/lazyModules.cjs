// Loads what Pulumi's Node SDK requires at its start and rarely uses (@pulumi/pulumi 3.248) when it is first used: npm's
// dependency resolver for closures that capture packages, TypeScript for closures and for programs in TypeScript, tracing,
// and the automation API. It leaves out what maps stacks back to sources: the SDK takes a stack for each promise, and nobody
// here reads them.
const Module = require("node:module");

const TRACING = [
  "exporter-zipkin",
  "instrumentation",
  "instrumentation-grpc",
  "resources",
  "sdk-trace-base",
  "sdk-trace-node",
];
const LAZY = new Set([
  "@npmcli/arborist",
  "typescript",
  "./automation",
  ...TRACING.map((name) => `@opentelemetry/${name}`),
]);

const LEFT_OUT = "source-map-support/register";

const load = Module._load;
Module._load = function (request, parent, isMain) {
  if (request === LEFT_OUT) return {};
  if (!LAZY.has(request)) return load.call(this, request, parent, isMain);
  const module = () => load.call(this, request, parent, isMain);
  return new Proxy(function () {}, {
    get(_, key) {
      // A compiled `import * as` copies every property of a module that is not one of ECMAScript's, and so would use it.
      if (key === "__esModule") return true;
      return key === "default" ? (module().default ?? module()) : module()[key];
    },
  });
};
